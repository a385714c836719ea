'use strict';

// Recorded answers of t/cases, read by OpenAI's own library: for each case of
// the suites named, a line of JSON {suite, name, read}.  A server of its own
// hands the bytes out in pieces of random sizes.  Runs where the library is
// installed.
//
//     node check.js .../t/cases suite...

const fs = require('fs');
const http = require('http');
const path = require('path');

const OpenAI = require(path.join(process.cwd(), 'node_modules/openai'));

const [cases, ...suites] = process.argv.slice(2);


// --- the server -------------------------------------------------------------

// "200 -", headers, an empty line, the body: as t/unit/folder.h reads it.
function recorded(suite, name) {
    const folder = path.join(cases, suite, name);
    const whole = fs.existsSync(path.join(folder, 'in.http'));
    const file = fs.readFileSync(path.join(folder,
                                           whole ? 'in.http' : 'in.sse'));
    const end = file.indexOf('\n\n');
    const [first, ...rest] = file.subarray(0, end).toString().split('\n');
    const headers = Object.fromEntries(
        rest.map((line) => line.split(/: */, 2)));

    if (whole) {
        headers['Content-Type'] = 'application/json';
    }

    return { status: parseInt(first, 10), headers, whole,
             body: file.subarray(end + 2) };
}


function random(state) {
    state.n = (Math.imul(state.n, 1103515245) + 12345) >>> 0;
    return state.n >>> 16;
}


function serve(req, res) {
    const [, suite, name] = req.url.split('/');
    const r = recorded(suite, name);
    const state = { n: r.body.length };
    let at = 0;

    function next() {
        if (at >= r.body.length) {
            res.end();
            return;
        }

        const size = 1 + random(state) % 400;

        res.write(r.body.subarray(at, at + size), () => setImmediate(next));
        at += size;
    }

    req.resume();
    res.writeHead(r.status, r.headers);
    next();
}


// --- the library ------------------------------------------------------------

const FINISH = { stop: 'stop', length: 'length', tool_calls: 'tools',
                 content_filter: 'filtered' };


async function chat(client, whole) {
    const ask = { model: 'm', messages: [{ role: 'user', content: '?' }] };
    const done = whole ? await client.chat.completions.create(ask)
        : await client.chat.completions.stream(ask).finalChatCompletion();
    const { message, finish_reason: finish } = done.choices[0];
    const usage = done.usage ?? {};

    return {
        text: message.content ?? '',
        finish: message.refusal ? 'filtered' : FINISH[finish],
        calls: (message.tool_calls ?? []).map((c) => (
            { id: c.id, name: c.function.name,
              arguments: c.function.arguments })),
        tokens_in: usage.prompt_tokens ?? 0,
        tokens_cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
        tokens_out: usage.completion_tokens ?? 0,
    };
}


function finishOf(r, calls) {
    const parts = r.output.flatMap((item) => item.content ?? []);
    const reason = r.incomplete_details?.reason;

    return parts.some((p) => p.type === 'refusal')
           || reason === 'content_filter' ? 'filtered'
        : reason === 'max_output_tokens' ? 'length'
        : r.status === 'incomplete' ? 'other'
        : calls.length > 0 ? 'tools' : 'stop';
}


async function responses(client, whole) {
    const ask = { model: 'm', input: '?' };
    const r = whole ? await client.responses.create(ask)
        : await client.responses.stream(ask).finalResponse();

    if (r.status !== 'completed' && r.status !== 'incomplete') {
        throw new Error(`status ${r.status}`);
    }

    const calls = r.output.filter((item) => item.type === 'function_call');

    return {
        text: r.output_text,
        finish: finishOf(r, calls),
        calls: calls.map((c) => (
            { id: c.call_id, name: c.name, arguments: c.arguments })),
        tokens_in: r.usage?.input_tokens ?? 0,
        tokens_cached: r.usage?.input_tokens_details?.cached_tokens ?? 0,
        tokens_out: r.usage?.output_tokens ?? 0,
    };
}


async function read(base, suite, name) {
    const client = new OpenAI({ apiKey: 'sk-test', maxRetries: 0,
                                timeout: 10000,
                                baseURL: `${base}/${suite}/${name}` });
    const { whole } = recorded(suite, name);

    try {
        return await (suite.startsWith('openai') ? chat
                                                 : responses)(client, whole);
    } catch (e) {
        return { failed: true, why: `${e.constructor.name}: ${e.message}` };
    }
}


const server = http.createServer(serve);

server.listen(0, '127.0.0.1', async () => {
    const base = `http://127.0.0.1:${server.address().port}`;

    for (const suite of suites) {
        for (const name of fs.readdirSync(path.join(cases, suite)).sort()) {
            if (recorded(suite, name).status >= 100) {
                process.stdout.write(JSON.stringify(
                    { suite, name, read: await read(base, suite, name) })
                    + '\n');
            }
        }
    }

    server.closeAllConnections();
    server.close();
});
