# Methods, versions, and header fields that no webhook has.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $body = '{"object":"whatsapp_business_account","entry":[]}';
our $hex = hmac_sha256_hex($body, $secret);
our $signed = "X-Hub-Signature-256: sha256=$hex";

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
_END
    $block->set_value('config', <<'_END');
    location = /hook {
        connext_webhook wa-main;
        connext_pass    unix:$TEST_NGINX_REDIS_SOCK;
        add_header      X-Reason $connext_reason always;
    }
    location = /other { return 200 "other"; }
_END
});

no_shuffle();
log_level('warn');
run_tests();

__DATA__

=== TEST 1: other methods are named what there is
--- request eval
[map { "$_ /hook\n$::body" } qw(PUT DELETE PATCH OPTIONS)]
--- more_headers eval
[($::signed) x 4]
--- error_code eval
[405, 405, 405, 405]
--- response_headers eval
[("Allow: GET, POST\nContent-Length: 0\nX-Reason: bad_method") x 4]



=== TEST 2: HEAD is not GET
--- request
HEAD /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-me
--- error_code: 405
--- response_headers
Allow: GET, POST



=== TEST 3: the body of a HEAD is not a request
--- raw_request eval
"HEAD /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 51\r\n\r\n"
. "GET /other HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"
. "GET /other HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
--- ignore_response
--- access_log eval
qr{\A[^\n]*"HEAD /hook HTTP/1.1" 405[^\n]*\n[^\n]*"GET /other HTTP/1.1" 200[^\n]*\n\z}



=== TEST 4: no body
--- request
POST /hook
--- more_headers eval
"X-Hub-Signature-256: sha256=" . Digest::SHA::hmac_sha256_hex('', $::secret)
--- error_code: 400
--- response_headers
X-Reason: empty_body



=== TEST 5: neither length nor chunks
--- raw_request eval
"POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
. "$::signed\r\n\r\n"
--- error_code: 400



=== TEST 6: an encoded body is refused, also when it says identity
--- request eval
["POST /hook\n$::body", "POST /hook\n$::body"]
--- more_headers eval
["$::signed\nContent-Encoding: gzip", "$::signed\nContent-Encoding: identity"]
--- error_code eval
[415, 415]
--- response_headers eval
["X-Reason: bad_encoding", "X-Reason: bad_encoding"]



=== TEST 7: an expectation that nobody knows
--- request eval
"POST /hook\n$::body"
--- more_headers eval
"$::signed\nExpect: 200-ok"
--- error_code: 400



=== TEST 8: HTTP/0.9
--- raw_request eval
"GET /hook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=verify-me\r\n"
--- http09
--- ignore_response
--- access_log eval
qr{"GET /hook[^"]*" 400}



=== TEST 9: HTTP/1.0
--- raw_request eval
"POST /hook HTTP/1.0\r\nContent-Length: " . length($::body)
. "\r\n$::signed\r\n\r\n$::body"



=== TEST 10: HTTP/1.2
--- raw_request eval
"POST /hook HTTP/1.2\r\nHost: localhost\r\nConnection: close\r\n"
. "Content-Length: " . length($::body) . "\r\n$::signed\r\n\r\n$::body"
--- error_code: 400



=== TEST 11: two deliveries on one connection
--- pipelined_requests eval
["POST /hook\n$::body", "POST /hook\n$::body"]
--- more_headers eval
[$::signed, $::signed]
--- error_code eval
[200, 200]



=== TEST 12: a webhook has one spelling
--- request eval
["POST //hook\n$::body", "POST /./hook\n$::body", "POST /%68ook\n$::body"]
--- more_headers eval
[($::signed) x 3]
--- error_code eval
[404, 404, 404]
--- response_headers eval
[("X-Reason: not_found\nContent-Length: 0") x 3]
