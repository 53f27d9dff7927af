// The second half of check-schemas: node check-schemas.mjs ROOT AJV-FOLDER
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';

const [root, ajvFolder] = process.argv.slice(2);
const Ajv = createRequire(join(ajvFolder, 'package.json'))('ajv/dist/2020.js').default;
const misses = [];
const counts = { good: 0, bad: 0 };

// As strict about bytes as about the text: a file that is no UTF-8 is no JSON.
function read(path) {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path)));
}

function compile(name) {
    return new Ajv({ allErrors: true, strict: true, strictTypes: true, strictRequired: false, strictTuples: false }).compile(read(join(root, 'pipelines', name)));
}

// What is wrong with the file, or null.
function complaint(validate, path) {
    let value;
    try {
        value = read(path);
    } catch (error) {
        return error.message;
    }
    if (validate(value)) {
        return null;
    }
    return validate.errors.map((error) => `${error.instancePath || '/'} ${error.message}`).join('; ');
}

function examples(folder) {
    const paths = readdirSync(folder).filter((name) => name.endsWith('.json')).sort().map((name) => join(folder, name));
    if (paths.length === 0) {
        misses.push(`${relative(root, folder)}: no examples`);
    }
    return paths;
}

function checkGood(validate, path) {
    const wrong = complaint(validate, path);
    if (wrong === null) {
        counts.good++;
    } else {
        misses.push(`${relative(root, path)}: good, but rejected: ${wrong}`);
    }
}

function unseen(folder) {
    const path = join(folder, 'NOT-BY-SCHEMA');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    return new Set(lines.filter((line) => /^[^#\s]/.test(line)).map((line) => `${line.split(/\s+/)[0]}.json`));
}

function checkBad(validate, folder) {
    const expected = unseen(folder);
    for (const path of examples(folder)) {
        const listed = expected.delete(basename(path));
        const wrong = complaint(validate, path);
        if (wrong !== null && listed) {
            misses.push(`${relative(root, path)}: listed in NOT-BY-SCHEMA, but rejected: ${wrong}`);
        } else if (wrong === null && !listed) {
            misses.push(`${relative(root, path)}: bad, but accepted`);
        } else if (wrong !== null) {
            counts.bad++;
            if (process.env.VERBOSE) {
                console.log(`${relative(root, path)}: ${wrong}`);
            }
        }
    }
    for (const name of expected) {
        misses.push(`${relative(root, folder)}/NOT-BY-SCHEMA: there is no ${name}`);
    }
}

const pipelines = join(root, 'pipelines');
const kinds = { environments: compile('environments.schema.json'), pipelines: compile('pipeline.schema.json') };

for (const path of examples(pipelines).filter((path) => !path.endsWith('.schema.json'))) {
    checkGood(basename(path) === 'environments.json' ? kinds.environments : kinds.pipelines, path);
}
for (const [kind, validate] of Object.entries(kinds)) {
    examples(join(root, 'tests/scenario', `${kind}-good`)).forEach((path) => checkGood(validate, path));
    checkBad(validate, join(root, 'tests/scenario', `${kind}-bad`));
}

misses.forEach((miss) => console.log(miss));
if (misses.length > 0) {
    process.exit(1);
}
console.log(`${counts.good} good accepted, ${counts.bad} bad rejected`);
