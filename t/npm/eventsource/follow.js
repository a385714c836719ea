'use strict';

// Follows an event stream as a page does, with npm's EventSource: what comes
// is printed, a line of JSON each.  Ends when stdin does.
//   node follow.js URL TOKEN      (where the library is installed)

const path = require('path');

const { EventSource } = require(
    path.join(process.cwd(), 'node_modules/eventsource/dist/index.cjs'));

const [url, token] = process.argv.slice(2);


function say(what) {
    process.stdout.write(JSON.stringify(what) + '\n');
}


// EventSource sets its own headers, Last-Event-ID among them.
const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, {
        ...init,
        headers: { ...init.headers, Authorization: `Bearer ${token}`,
                   Origin: 'https://shop.example.com' },
    }),
});

source.onopen = () => say({ is: 'open' });
source.onerror = (e) => say({ is: 'error', code: e.code,
                              closed: source.readyState === 2 });

for (const name of ['message', 'typing', 'delta', 'reset']) {
    source.addEventListener(name, (e) => {
        say({ is: name, id: e.lastEventId, data: JSON.parse(e.data) });
    });
}

process.stdin.resume();
process.stdin.on('end', () => {
    source.close();
    process.exit(0);
});
