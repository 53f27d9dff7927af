// Prisma's schema engine as a program, with which the CLI talks JSON-RPC over stdin and stdout: the engine that Prisma publishes
// as WebAssembly, over Prisma's own adapter for PostgreSQL.
import fs from "node:fs";
import readline from "node:readline";
import { createRequire } from "node:module";
import * as engine_module from "@prisma/schema-engine-wasm/schema_engine_bg";

const require = createRequire(import.meta.url);
const { PrismaPg } = require("@prisma/adapter-pg");
const { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } = require("@prisma/driver-adapter-utils");
const pg = require("pg");

const options = { datamodels: [] };
const words = process.argv.slice(2);
while (words.length > 0) {
    const word = words.shift();
    if (word === "--datasource") {
        const value = words.shift();
        options.url = value.startsWith("{") ? JSON.parse(value).url : value;
    } else if (word === "--datamodels" || word === "-d") {
        options.datamodels.push(words.shift());
    } else if (word === "can-connect-to-database" || word === "create-database") {
        options.verb = word;
    } else if (word === "--version") {
        console.log("schema-engine-cli 0edf323efd1d98336f3f0a68684b56f689b900d3");
        process.exit(0);
    }
}
const url = new URL(options.url ?? process.env.DATABASE_URL);
const schema = url.searchParams.get("schema") ?? undefined;
const quoted = schema && `"${schema.replaceAll('"', '""')}"`;
const connection = {
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password) || undefined,
    database: url.pathname.slice(1),
    options: quoted && `-c search_path=${quoted}`,
    max: 1,
    allowExitOnIdle: true,
};

async function ask(database, sql) {
    const client = new pg.Client({ ...connection, database });
    await client.connect();
    try {
        await client.query(sql);
    } finally {
        await client.end();
    }
}

if (options.verb !== undefined) {
    try {
        if (options.verb === "create-database") await ask("postgres", `CREATE DATABASE "${connection.database}"`);
        else await ask(connection.database, "select 1");
        process.exit(0);
    } catch (error) {
        const fields = { message: error.message, error_code: error.code === "3D000" ? "P1003" : "P1001", is_panic: false };
        const line = { timestamp: new Date().toISOString(), level: "ERROR", fields, target: "schema_engine::logger" };
        process.stderr.write(`\n${JSON.stringify(line)}\n`);
        process.exit(1);
    }
}

// The adapter has no answer for some of the catalog's types, and cuts scripts at every semicolon, where the engine means one message.
const same_as = { 18: 25, 19: 25, 1003: 1009 };
function complete(adapter) {
    const perform = adapter.performIO.bind(adapter);
    const query = adapter.queryRaw.bind(adapter);
    let fields = [];
    adapter.performIO = async (request) => {
        const result = await perform(request);
        fields = (result.fields ?? []).map((field) => ({ is_char: field.dataTypeID === 18 }));
        for (const field of result.fields ?? []) field.dataTypeID = same_as[field.dataTypeID] ?? field.dataTypeID;
        return result;
    };
    adapter.queryRaw = async (request) => {
        const result = await query(request);
        fields.forEach((field, i) => {
            if (field.is_char) result.columnTypes[i] = ColumnTypeEnum.Character;
        });
        return result;
    };
    adapter.executeScript = async (script) => {
        try {
            await adapter.client.query(script);
        } catch (error) {
            adapter.onError(error);
        }
    };
    return adapter;
}

const wasm = fs.readFileSync(new URL("node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm", import.meta.url));
const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), { "./schema_engine_bg.js": engine_module });
engine_module.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start();
globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => process.stderr.write(`\nengine panic: ${message}\n`) };

// The native engine makes the schema that the URL names, and stays in it.
if (quoted) await ask(connection.database, `CREATE SCHEMA IF NOT EXISTS ${quoted}`).catch(() => {});
const factory = new PrismaPg(connection, { schema });
const connect = factory.connect.bind(factory);
factory.connect = async () => complete(await connect());
const datamodels = options.datamodels.map((path) => [path, fs.readFileSync(path, "utf8")]);
const engine = await engine_module.SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(factory),
);

const renamed = { getDatabaseVersion: "version" };
const answer = (body) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...body })}\n`);
for await (const line of readline.createInterface({ input: process.stdin })) {
    const request = line.trim() === "" ? {} : JSON.parse(line);
    if (request.method === undefined) continue;
    try {
        const result = await engine[renamed[request.method] ?? request.method](request.params);
        answer({ id: request.id, result: result ?? null });
    } catch (error) {
        const data = { is_panic: false, message: String(error.message ?? error), meta: error.meta ?? null, error_code: error.code ?? null };
        answer({ id: request.id, error: { code: 4466, message: "An error happened. Check the data field for details.", data } });
    }
}
process.exit(0);
