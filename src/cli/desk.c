/* What the commands that settle something by hand begin with. */
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

static void on_event(void *context, const struct engine_event *event)
{
    const struct desk *desk = context;
    report_deploy_event(desk->plan, event);
}

bool desk_open(const struct options *options, struct desk *desk, struct error *err)
{
    desk->actor = project_actor();
    desk->conduct = (struct deploy_conduct){.actor = desk->actor, .observer = {on_event, desk}};
    return project_patience(options, &desk->conduct.patience, err) &&
           project_environments(options, &desk->set, err) &&
           project_environment(options, desk->set, &desk->environment, err);
}

bool desk_look(const struct options *options, struct desk *desk, struct error *err)
{
    const struct deploy_request request = {.on_progress = say_progress};
    return project_release(options, desk->set, &desk->release, err) &&
           deploy_plan_make(desk->environment, desk->release, &request,
                            deadline_in(CONNECT_TIMEOUT), &desk->plan, err);
}

void desk_clear(struct desk *desk)
{
    deploy_plan_freep(&desk->plan);
    release_freep(&desk->release);
    environments_freep(&desk->set);
    mem_free(desk->actor);
    desk->actor = NULL;
}
