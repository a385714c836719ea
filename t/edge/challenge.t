# The handshake: nginx answers alone, also while Redis is away.

use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', <<'_END');
>>> secret
0123456789abcdef0123456789abcdef
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
    log_format args "[$request] [$args] [$request_uri]";
_END
    $block->set_value('config', <<'_END');
    location = /hook {
        connext_webhook wa-main;
        connext_pass    unix:$TEST_NGINX_SERVER_ROOT/html/none.sock;
        access_log      logs/access.log args;
        add_header      X-Result $connext_result always;
        add_header      X-Reason $connext_reason always;
    }
_END
});

no_long_string();
log_level('warn');
run_tests();

__DATA__

=== TEST 1: the challenge comes back as plain text
--- request
GET /hook?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=verify-me
--- response_body chomp
1158201444
--- response_headers
Content-Type: text/plain
X-Content-Type-Options: nosniff
X-Result: CHALLENGE
X-Reason: -
Content-Length: 10



=== TEST 2: order of the parameters and percent encoding do not matter
--- request
GET /hook?hub.verify_token=verify%2Dme&hub.challenge=a.b_c-D9&hub.mode=subscribe
--- response_body chomp
a.b_c-D9



=== TEST 3: a wrong token, with no word about why
--- request
GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-mx
--- error_code: 403
--- response_body
--- response_headers
Content-Length: 0
X-Result: REJECTED
X-Reason: bad_token
--- error_log
connext: channel "wa-main": REJECTED, the verify token or mode is wrong, client: 127.0.0.1



=== TEST 4: no token
--- request
GET /hook?hub.mode=subscribe&hub.challenge=1
--- error_code: 403
--- response_body



=== TEST 5: an empty token
--- request
GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=
--- error_code: 403



=== TEST 6: another mode
--- request
GET /hook?hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=verify-me
--- error_code: 403



=== TEST 7: the token twice
--- request
GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-me&hub.verify_token=verify-me
--- error_code: 400



=== TEST 8: a challenge that a browser could run
--- request
GET /hook?hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=verify-me
--- error_code: 400
--- response_body
--- response_headers
X-Reason: bad_challenge



=== TEST 9: a challenge that is too long
--- request eval
"GET /hook?hub.mode=subscribe&hub.challenge=" . 'a' x 300
. "&hub.verify_token=verify-me"
--- error_code: 400



=== TEST 10: no challenge
--- request
GET /hook?hub.mode=subscribe&hub.verify_token=verify-me
--- error_code: 400



=== TEST 11: no query at all
--- request
GET /hook
--- error_code: 403



=== TEST 12: the token is in no log, right or wrong
--- request eval
["GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-me",
 "GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=canary-q9"]
--- error_code eval
[200, 403]
--- access_log eval
qr{\A(?:\[GET /hook HTTP/1.1\] \[-\] \[/hook\]\n)+\z}
--- no_error_log
canary-q9
verify_token
hub.



=== TEST 13: a body does not disturb, nor is it taken for a request
--- raw_request eval
"GET /hook?hub.mode=subscribe&hub.challenge=7&hub.verify_token=verify-me"
. " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
. "Content-Length: 26\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
--- response_body chomp
7
