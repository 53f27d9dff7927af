/* What earlier restores have kept: listed, and dropped where nobody is in it. And databases as a
 * restore makes them. */
#include "restoring.h"

static void keep(struct world *world)
{
    make_database(world, KEPT);
    make_database(world, "shop_restored_20261128203001");
    make_database(world, "shop_before_by_hand");
    make_database(world, "shops_before_20261128203000");
}

static void only_what_a_restore_has_kept_is_listed(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist kept = STRLIST_INIT;
    keep(world);
    assert_ok(restore_list_kept(world->environment, SOON, &kept, &err));
    assert_int_equal(kept.n, 2);
    assert_string_equal(kept.items[0], KEPT);
    assert_string_equal(kept.items[1], "shop_restored_20261128203001");
}

static void finishing_drops_what_is_named(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist kept = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist left = STRLIST_INIT;
    keep(world);
    strlist_add(&kept, KEPT);
    assert_ok(restore_finish(world->environment, &kept, SOON, &err));
    assert_ok(restore_list_kept(world->environment, SOON, &left, &err));
    assert_int_equal(left.n, 1);
    assert_string_equal(left.items[0], "shop_restored_20261128203001");
    expect_shop("old");
}

static void what_no_restore_has_kept_is_never_dropped(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"shop", "shop_before_by_hand", "postgres",
                                        "shops_before_20261128203000"};
    keep(world);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(strlist_clear) struct strlist wanted = STRLIST_INIT;
        strlist_add(&wanted, KEPT);
        strlist_add(&wanted, names[i]);
        assert_fails(restore_finish(world->environment, &wanted, SOON, &err), ERROR_USAGE);
        assert_contains(err.message, "was not kept by a restore");
        assert_contains(err.hint, KEPT);
    }
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "5");
}

static void where_somebody_is_in_one_none_is_dropped(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist wanted = STRLIST_INIT;
    keep(world);
    CLEANUP(db_closep) struct db *reader = session_in("shop_restored_20261128203001");
    strlist_add(&wanted, KEPT);
    strlist_add(&wanted, "shop_restored_20261128203001");
    assert_fails(restore_finish(world->environment, &wanted, SOON, &err), ERROR_REFUSED);
    assert_string_equal(err.message, "somebody is in database \"shop_restored_20261128203001\"");
    assert_contains(err.detail, "headgate test of role \"tester\" (server process ");
    run(reader, "select 1");
    must_be(world->db, "select count(*)::text from pg_database where datname = '" KEPT "'", "1");
}

/* --- made --- */

static const struct manifest manifest = {
    .encoding = "UTF8", .collate = "C", .ctype = "C.UTF-8", .locale_provider = "c", .owner = "app"};

static void make(struct world *world, const struct creation *creation, const char *name)
{
    struct error err = ERROR_INIT;
    assert_ok(database_create(world->db, creation, name, SOON, &err));
}

static void expect_owner(struct world *world, const char *database, const char *owner)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("select pg_get_userbyid(datdba) || ' ' || datcollate || ' ' || datctype"
                           " from pg_database where datname = '%s'",
                           database);
    CLEANUP(mem_freep) char *wanted = mem_printf("%s C C.UTF-8", owner);
    must_be(world->db, sql, wanted);
}

static void a_new_one_belongs_to_whom_the_old_one_did(void **state)
{
    struct world *world = *state;
    run(world->db, "create role app");
    run(world->db, "create role other");
    run(world->db, "alter database shop owner to other");
    make(world, &(struct creation){&manifest, "shop", false}, "shop_like");
    expect_owner(world, "shop_like", "other");
    make(world, &(struct creation){&manifest, NULL, false}, "shop_as_then");
    expect_owner(world, "shop_as_then", "app");
    make(world, &(struct creation){&manifest, "shop", true}, "shop_ours");
    expect_owner(world, "shop_ours", "tester");
    struct manifest nobodys = manifest;
    nobodys.owner = "gone";
    make(world, &(struct creation){&nobodys, NULL, false}, "shop_nobodys");
    expect_owner(world, "shop_nobodys", "tester");
}

static void names_are_quoted(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    make(world, &(struct creation){&manifest, NULL, false}, "shop \"x\"; drop");
    expect_owner(world, "shop \"x\"; drop", "tester");
    assert_ok(database_drop(world->db, "shop \"x\"; drop", SOON, &err));
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "1");
    assert_ok(database_drop(world->db, "shop \"x\"; drop", SOON, &err)); /* it is not there */
}

static void a_locale_that_the_server_does_not_have_is_named(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct manifest foreign = manifest;
    foreign.collate = "tlh_Qo.UTF-8";
    const struct creation creation = {&foreign, NULL, false};
    assert_fails(database_create(world->db, &creation, "shop_x", SOON, &err), ERROR_REFUSED);
    assert_string_equal(err.message, "the server cannot make a database with locale "
                                     "\"tlh_Qo.UTF-8\", as the backup's has");
}

static void an_icu_locale_comes_back(void **state)
{
    struct world *world = *state;
    CLEANUP(mem_freep)
    char *knows = value(world->db, "select (current_setting('server_version_num')::int >= 150000"
                                   " and exists (select from pg_collation where collprovider = "
                                   "'i'))::text");
    if (!text_equal(knows, "true")) {
        skip();
    }
    struct manifest icu = manifest;
    icu.locale_provider = "i";
    icu.icu_locale = "sv-SE";
    make(world, &(struct creation){&icu, NULL, false}, "shop_sv");
    must_be(world->db,
            "select coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> "
            "'datlocale') from pg_database d where datname = 'shop_sv'",
            "sv-SE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(only_what_a_restore_has_kept_is_listed),
        IN_A_WORLD(finishing_drops_what_is_named),
        IN_A_WORLD(what_no_restore_has_kept_is_never_dropped),
        IN_A_WORLD(where_somebody_is_in_one_none_is_dropped),
        IN_A_WORLD(a_new_one_belongs_to_whom_the_old_one_did),
        IN_A_WORLD(names_are_quoted),
        IN_A_WORLD(a_locale_that_the_server_does_not_have_is_named),
        IN_A_WORLD(an_icu_locale_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
