# What is accepted as signed, and what is not.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $previous = 'fedcba9876543210fedcba9876543210';
our $count = 0;


sub body {
    my $id = join '.', 'wamid', $$, time, ++$count;

    return qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
           . qq("changes":[{"field":"messages","value":{"messaging_product":)
           . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
           . qq("phone_number_id":"106540352242922"},"messages":[{"from":)
           . qq("16505551234","id":"$id","timestamp":"1767225590","type":)
           . qq("text","text":{"body":"caf\\u00e9 \\ud83d\\ude00 \\/"}}]}}]}]});
}


our $body = body();
our $hex = hmac_sha256_hex($body, $secret);
our $hex_previous = hmac_sha256_hex($body, $previous);
our $post = "POST /hook\n$body";

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('request', $post) unless defined $block->request;
    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> previous
$previous
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret
                          $TEST_NGINX_SERVER_ROOT/html/previous;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
_END
    $block->set_value('config', <<'_END');
    location = /hook {
        connext_webhook wa-main;
        connext_pass    unix:$TEST_NGINX_REDIS_SOCK;
        add_header      X-Result $connext_result always;
        add_header      X-Reason $connext_reason always;
        add_header      X-Secret $connext_secret_index always;
    }
_END
});

log_level('warn');
run_tests();

__DATA__

=== TEST 1: a right signature
--- more_headers eval
"X-Hub-Signature-256: sha256=$::hex"
--- response_body
--- response_headers
X-Result: QUEUED
X-Secret: 0
Content-Length: 0
--- no_error_log
[error]



=== TEST 2: hex digits in upper case
--- more_headers eval
"X-Hub-Signature-256: sha256=" . uc $::hex
--- response_headers
X-Result: QUEUED



=== TEST 3: header name in another case
--- more_headers eval
"x-hub-SIGNATURE-256: sha256=$::hex"
--- response_headers
X-Result: QUEUED



=== TEST 4: the previous secret, while a new one is coming
--- more_headers eval
"X-Hub-Signature-256: sha256=$::hex_previous"
--- response_headers
X-Result: QUEUED
X-Secret: 1



=== TEST 5: no header
--- error_code: 401
--- response_body
--- response_headers
X-Result: REJECTED
X-Reason: no_signature
Content-Length: 0
--- error_log
connext: channel "wa-main": REJECTED, the signature header is missing or empty, client: 127.0.0.1



=== TEST 6: an empty header
--- more_headers
X-Hub-Signature-256:
--- error_code: 401
--- response_headers
X-Reason: no_signature



=== TEST 7: one digit is wrong
--- more_headers eval
"X-Hub-Signature-256: sha256=" . ($::hex =~ s/.$/$& eq '0' ? '1' : '0'/er)
--- error_code: 401
--- response_body
--- response_headers
X-Result: REJECTED
X-Reason: bad_signature



=== TEST 8: a digit too few, too many, none, and no digit
--- request eval
[($::post) x 4]
--- more_headers eval
["X-Hub-Signature-256: sha256=" . substr($::hex, 1),
 "X-Hub-Signature-256: sha256=${main::hex}0",
 "X-Hub-Signature-256: sha256=",
 "X-Hub-Signature-256: sha256=" . substr($::hex, 0, 63) . "g"]
--- error_code eval
[401, 401, 401, 401]



=== TEST 9: no prefix, another prefix, prefix in upper case
--- request eval
[($::post) x 3]
--- more_headers eval
["X-Hub-Signature-256: $::hex",
 "X-Hub-Signature-256: sha1=$::hex",
 "X-Hub-Signature-256: SHA256=$::hex"]
--- error_code eval
[401, 401, 401]



=== TEST 10: the header twice: right and wrong, wrong and right, right twice
--- request eval
[($::post) x 3]
--- more_headers eval
["X-Hub-Signature-256: sha256=$::hex\nX-Hub-Signature-256: sha256=0",
 "X-Hub-Signature-256: sha256=0\nX-Hub-Signature-256: sha256=$::hex",
 "X-Hub-Signature-256: sha256=$::hex\nX-Hub-Signature-256: sha256=$::hex"]
--- error_code eval
[401, 401, 401]
--- response_headers eval
["X-Reason: dup_signature", "X-Reason: dup_signature",
 "X-Reason: dup_signature"]



=== TEST 11: two signatures in one value
--- more_headers eval
"X-Hub-Signature-256: sha256=$::hex,sha256=$::hex"
--- error_code: 401



=== TEST 12: only the old SHA-1 header
--- more_headers eval
"X-Hub-Signature: sha1=" . Digest::SHA::hmac_sha1_hex($::body, $::secret)
--- error_code: 401
--- response_headers
X-Reason: no_signature



=== TEST 13: a digest without the key
--- more_headers eval
"X-Hub-Signature-256: sha256=" . Digest::SHA::sha256_hex($::body)
--- error_code: 401



=== TEST 14: underscores instead of dashes are another header
--- more_headers eval
"X_Hub_Signature_256: sha256=$::hex"
--- error_code: 401



=== TEST 15: the body was changed: a space more
--- request eval
$::post =~ s/":\[/": [/r
--- more_headers eval
"X-Hub-Signature-256: sha256=$::hex"
--- error_code: 401



=== TEST 16: the signature stands behind the body, in a trailer
--- raw_request eval
"POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
. "Transfer-Encoding: chunked\r\n\r\n"
. sprintf("%x", length $::body) . "\r\n$::body\r\n0\r\n"
. "X-Hub-Signature-256: sha256=$::hex\r\n\r\n"
--- error_code: 401



=== TEST 17: an authentic body that is not JSON goes to quarantine
--- request
POST /hook
{"object":
--- more_headers eval
"X-Hub-Signature-256: sha256="
. Digest::SHA::hmac_sha256_hex('{"object":', $::secret)
--- response_headers
X-Result: QUARANTINED
X-Reason: malformed
--- error_log
connext: channel "wa-main": QUARANTINED



=== TEST 18: a body that is not JSON and not signed is only refused
--- request
POST /hook
{"object":
--- more_headers
X-Hub-Signature-256: sha256=00
--- error_code: 401
--- response_headers
X-Result: REJECTED
