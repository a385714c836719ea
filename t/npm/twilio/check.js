'use strict';

// The validator of Twilio's own library, a line of JSON for a question:
// {do: 'sign' | 'check', token, url, signature, form | body}.  Runs where the
// library is installed.

const path = require('path');
const querystring = require('querystring');
const readline = require('readline');

const {
    getExpectedBodyHash, getExpectedTwilioSignature, validateRequest,
    validateRequestWithBody,
} = require(path.join(process.cwd(),
                      'node_modules/twilio/lib/webhooks/webhooks.js'));


function answer(q) {
    if (q.do === 'hash') {
        return getExpectedBodyHash(q.body);
    }

    const params = q.form === undefined
        ? {} : querystring.parse(q.form, '&', '=', { maxKeys: 0 });

    if (q.do === 'sign') {
        return getExpectedTwilioSignature(q.token, q.url, params);
    }

    return q.form === undefined
        ? validateRequestWithBody(q.token, q.signature, q.url, q.body)
        : validateRequest(q.token, q.signature, q.url, params);
}


readline.createInterface({ input: process.stdin }).on('line', (line) => {
    process.stdout.write(JSON.stringify({ answer: answer(JSON.parse(line)) })
                         + '\n');
});
