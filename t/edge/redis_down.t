# Redis is away, or not usable: 503 at once, never 200, and nothing hangs.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $body = qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
            . qq("changes":[{"field":"messages","value":{"messaging_product":)
            . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
            . qq("phone_number_id":"106540352242922"},"messages":[{"from":)
            . qq("16505551234","id":"wamid.$$","timestamp":"1767225590",)
            . qq("type":"text","text":{"body":"hello"}}]}}]}]});
our $signed = "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);

add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('request', "POST /hook\n$body")
        unless defined $block->request;
    $block->set_value('more_headers', $signed);
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
    upstream both {
        server unix:$TEST_NGINX_SERVER_ROOT/html/none.sock;
        server unix:$TEST_NGINX_REDIS_SOCK backup;
    }
_END
    my $pass = $block->pass
               // 'unix:$TEST_NGINX_SERVER_ROOT/html/none.sock';
    my $more = $block->more_config // '';
    $block->set_value('config', <<"_END");
    location = /hook {
        connext_webhook wa-main;
        connext_pass    $pass;
        add_header      X-Result \$connext_result always;
        add_header      X-Reason \$connext_reason always;
        $more
    }
    location = /ready { connext_status ready; }
    location = /live  { connext_status live; }
_END
});

log_level('warn');
check_accum_error_log();
run_tests();

__DATA__

=== TEST 1: no socket
--- error_code: 503
--- response_body
--- response_headers
Retry-After: 5
X-Result: UNAVAILABLE
X-Reason: redis_connect
Content-Length: 0
--- error_log eval
qr{connext: redis "unix:[^"]+none.sock" is not usable: connect\(\) failed \(2: No such file or directory\)}



=== TEST 2: nobody listens
--- pass: 127.0.0.1:$TEST_NGINX_RAND_PORT_1
--- error_code: 503
--- response_headers
X-Reason: redis_connect



=== TEST 3: one line for many requests
--- request eval
[("POST /hook\n$::body") x 5]
--- more_headers eval
[($::signed) x 5]
--- error_code eval
[(503) x 5]
--- grep_error_log eval
qr/is not usable/
--- grep_error_log_out
is not usable



=== TEST 4: another status for it
--- more_config: connext_unavailable_status 500;
--- error_code: 500
--- response_headers
Retry-After: 5



=== TEST 5: the challenge does not need Redis
--- request
GET /hook?hub.mode=subscribe&hub.challenge=42&hub.verify_token=verify-me
--- response_body chomp
42



=== TEST 6: a wrong signature does not ask Redis
--- request
POST /hook
{}
--- error_code: 401



=== TEST 7: live, but not ready
--- request eval
["GET /live", "GET /ready"]
--- error_code eval
[200, 503]
--- response_body_like eval
["^live\n", "^not ready: redis"]



=== TEST 8: something that is not Redis
--- pass: 127.0.0.1:$TEST_NGINX_SERVER_PORT
--- error_code: 503
--- error_log eval
qr{connext: redis "127.0.0.1:\d+" is not usable: it does not speak RESP2}



=== TEST 9: the next server of the upstream is tried
--- pass: both
--- log_level: notice
--- raw_request eval
["POST /hook HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n",
 "$::signed\r\nContent-Length: " . length($::body) . "\r\n\r\n$::body"]
--- raw_request_middle_delay: 1
--- response_headers
X-Result: QUEUED
--- error_log
connext: redis "both" is back
