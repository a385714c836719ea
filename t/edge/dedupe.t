# The same event twice is one event, and both deliveries are answered 200.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);

our $secret = '0123456789abcdef0123456789abcdef';
our $run = "$$." . time;


sub body {
    my (@n) = @_;

    my $messages = join ',', map {
        qq({"from":"16505551234","id":"wamid.$run.$_","timestamp":)
        . qq("1767225590","type":"text","text":{"body":"hello"}})
    } @n;
    return qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
           . qq("changes":[{"field":"messages","value":{"messaging_product":)
           . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
           . qq("phone_number_id":"106540352242922"},)
           . qq("messages":[$messages]}}]}]});
}


sub signed {
    my ($body) = @_;

    return "X-Hub-Signature-256: sha256=" . hmac_sha256_hex($body, $secret);
}


add_block_preprocessor(sub {
    my ($block) = @_;

    my @bodies = map { body(split /,/) } split ' ', $block->events;

    $block->set_value('request', [map { "POST /hook\n$_" } @bodies]);
    $block->set_value('more_headers', [map { signed($_) } @bodies]);
    $block->set_value('error_code', [map { 200 } @bodies]);
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
        add_header      X-Stream "id=$connext_stream_id" always;
    }
_END
});

no_shuffle();
log_level('warn');
run_tests();

__DATA__

=== TEST 1: the same delivery again
--- events: 1 1 1
--- response_headers_like eval
["X-Reason: -\nX-Stream: id=\\d+-\\d+",
 "X-Reason: duplicate\nX-Stream: id=",
 "X-Reason: duplicate\nX-Stream: id="]



=== TEST 2: known events among new ones
--- events: 2 2,3 3,2 4
--- response_headers_like eval
["X-Reason: -", "X-Reason: -", "X-Reason: duplicate", "X-Reason: -"]



=== TEST 3: an event twice in one delivery
--- events: 5,5 5
--- response_headers_like eval
["X-Reason: -", "X-Reason: duplicate"]
