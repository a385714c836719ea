# $connext_... in a log, and where there is no webhook.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $run = "$$." . time;


sub body {
    my ($n) = @_;

    return qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
           . qq("changes":[{"field":"messages","value":{"messaging_product":)
           . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
           . qq("phone_number_id":"106540352242922"},"messages":[{"from":)
           . qq("16505551234","id":"wamid.$run.$n","timestamp":"1767225590",)
           . qq("type":"text","text":{"body":"hello"}}]}}]}]});
}


sub signed {
    my ($body) = @_;

    return "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);
}


add_block_preprocessor(sub {
    my ($block) = @_;

    $block->set_value('user_files', <<_END);
>>> secret
$secret
>>> token
verify-me
_END
    $block->set_value('http_config', <<'_END');
    log_format connext escape=json '{"channel":"$connext_channel",'
        '"type":"$connext_type","result":"$connext_result",'
        '"reason":"$connext_reason","event":"$connext_event_id",'
        '"stream":"$connext_stream_id","verify":$connext_verify_time,'
        '"enqueue":$connext_enqueue_time,"secret":$connext_secret_index,'
        '"status":$status}';
    connext_channel wa-main {
        type              whatsapp;
        secret_file       $TEST_NGINX_SERVER_ROOT/html/secret;
        verify_token_file $TEST_NGINX_SERVER_ROOT/html/token;
    }
_END
    my $more = $block->more_config // '';
    $block->set_value('config', <<"_END");
    access_log logs/access.log connext;
    location = /hook {
        connext_webhook wa-main;
        connext_pass    unix:\$TEST_NGINX_REDIS_SOCK;
        $more
    }
    location = /other { return 200 "other"; }
_END
});

log_level('crit');
run_tests();

__DATA__

=== TEST 1: queued
--- request eval
"POST /hook\n" . ::body(1)
--- more_headers eval
::signed(::body(1))
--- access_log eval
qr/\{"channel":"wa-main","type":"whatsapp","result":"QUEUED","reason":"-","event":"ev_[0-9A-HJKMNP-TV-Z]{26}","stream":"\d+-\d+","verify":0\.\d{6},"enqueue":0\.\d{6},"secret":0,"status":200\}/



=== TEST 2: refused
--- request eval
"POST /hook\n" . ::body(2)
--- error_code: 401
--- access_log eval
qr/\{"channel":"wa-main","type":"whatsapp","result":"REJECTED","reason":"no_signature","event":"","stream":"","verify":0\.\d{6},"enqueue":0\.000000,"secret":0,"status":401\}/



=== TEST 3: quarantined
--- request
POST /hook
nonsense
--- more_headers eval
::signed('nonsense')
--- access_log eval
qr/"result":"QUARANTINED","reason":"malformed","event":"ev_\w{26}","stream":"\d+-\d+"/



=== TEST 4: challenge
--- request
GET /hook?hub.mode=subscribe&hub.challenge=7&hub.verify_token=verify-me
--- access_log eval
qr/"result":"CHALLENGE","reason":"-","event":"","stream":""/



=== TEST 5: where there is no webhook, numbers are still numbers
--- request
GET /other
--- access_log eval
qr/\{"channel":"","type":"","result":"","reason":"","event":"","stream":"","verify":0,"enqueue":0,"secret":0,"status":200\}/



=== TEST 6: other statuses
--- more_config
connext_ack_status 204;
connext_reject_status 404;
--- request eval
["POST /hook\n" . ::body(6), "POST /hook\n" . ::body(6), "GET /hook"]
--- more_headers eval
[::signed(::body(6)), '', '']
--- error_code eval
[204, 404, 404]



=== TEST 7: one part of a delivery cannot be read
--- request eval
"POST /hook\n" . (::body(7) =~ s/"messages":\[/"messages":[7,/r)
--- more_headers eval
::signed(::body(7) =~ s/"messages":\[/"messages":[7,/r)
--- access_log eval
qr/"result":"QUEUED","reason":"partial"/
