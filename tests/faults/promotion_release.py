"""What is promoted again and again: a small release, a pipeline of three environments, and a hook that says when it runs."""
import json
import os

import release

STEP = release.STEP

MIGRATIONS = {
    "20260101000000_tables": """
create table log (what text not null);
create table counter (n integer not null);
insert into counter values (0);
create table item (id integer primary key, price integer);
insert into item select i, i % 7 from generate_series(1, 50) as i;
""",
    "20260102000000_plain": STEP.format("plain") + "alter table item add column weight integer;\n",
    "20260103000000_concurrently": STEP.format("before") + "create index concurrently item_price on item (price);\n"
                                   + STEP.format("after"),
    "20260104000000_last": STEP.format("last") + "create view cheap as select id from item where price < 3;\n",
}
ENVIRONMENTS = ("development", "staging", "production")
HOOKS = ("e2e", "beside", "smoke", "tell")
HOOK = ["../scripts/hook.sh"]
PIPELINE = {
    "name": "promote", "environments": "environments.json", "release": "../migrations",
    "steps": [
        {"id": "development", "deploy": "development"},
        {"id": "staging", "deploy": "staging"},
        {"id": "e2e", "hook": HOOK, "on": "staging", "evidence": "e2e", "needs": ["staging"]},
        {"id": "beside", "hook": HOOK, "needs": ["staging"]},
        {"id": "go", "gate": {"approvals": 1}, "needs": ["e2e", "beside"]},
        {"id": "production", "deploy": "production"},
        {"id": "smoke", "hook": HOOK, "on": "production"},
    ],
    "always": [{"id": "tell", "hook": HOOK}],
}

# Its parent is the step's process, whose parent is the engine. It waits for what that brings.
HOOK_TEXT = """#!/bin/sh
say() {{
    echo "$1 $HEADGATE_STEP $HEADGATE_ATTEMPT" >>{folder}/hooks
    if [ -e {folder}/blow ] && read -r place whom <{folder}/blow && [ "$place" = "$HEADGATE_STEP:$1" ]; then
        rm {folder}/blow
        engine=$(ps -o ppid= -p "$PPID")
        case $whom in
        step) kill -9 "$PPID" ;;
        engine) kill -9 "$engine" ;;
        interrupt) kill -INT "$engine"; sleep 0.1; kill -INT "$engine" ;;
        esac
        sleep 20
    fi
}}
say begin
echo "about to work"
say middle
echo "number=$HEADGATE_ATTEMPT" >>"$HEADGATE_OUTPUT"
say end
"""


def environments(ssh):
    said = {name: {"kind": name, "url": f"${{{name.upper()}_TEST_URL}}"} | ({"ssh": ssh} if ssh else {}) for name in ENVIRONMENTS}
    said["staging"]["after"] = ["development"]
    said["production"] |= {"after": ["staging"], "require": {"evidence": ["e2e"]}}
    return {"environments": said}


def write_file(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def write_project(folder, outside, ssh=None):
    """ssh: over what all of them are reached. The hooks write their lines into the folder outside, and look there whether to deal a blow."""
    write_file(f"{folder}/pipelines/environments.json", json.dumps(environments(ssh)))
    write_file(f"{folder}/pipelines/promote.json", json.dumps(PIPELINE))
    write_file(f"{folder}/scripts/hook.sh", HOOK_TEXT.format(folder=outside), 0o755)
    for name, text in MIGRATIONS.items():
        write_file(f"{folder}/migrations/{name}/migration.sql", text)
