# The website chat's configuration; t/e2e/webchat.t has its requests.

use Test::Nginx::Socket 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;

    my $lines = $block->channel // <<'_END';
        type          webchat;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
        allow_origin  https://shop.example.com;
_END
    my $place = $block->place // "/chat/site/\n";
    my $location = $block->location // <<'_END';
        connext_chat  site;
        connext_pass  unix:$TEST_NGINX_SERVER_ROOT/html/none.sock;
_END
    chomp $place;
    $block->set_value('user_files', <<'_END');
>>> secret
0123456789abcdef0123456789abcdef
>>> short
0123456789
_END
    $block->set_value('http_config', <<"_END");
    connext_channel site {
$lines
    }
_END
    $block->set_value('config', <<"_END");
    location $place {
$location
    }
_END
    $block->set_value('request', 'GET /') unless defined $block->request;
});

no_long_string();
log_level('notice');
run_tests();

__DATA__

=== TEST 1: a session while Redis is away
--- request
POST /chat/site/session
{}
--- more_headers
Origin: https://shop.example.com
--- response_body_like: ^\{"session":"[0-9a-f]{32}","token":"v1\.[^"]+","expires_in":2592000,"identified":false\}$
--- response_headers
Access-Control-Allow-Origin: https://shop.example.com
Cache-Control: no-store
Content-Type: application/json



=== TEST 2: a page of another origin, with what it needs to say so
--- request
POST /chat/site/session
{}
--- more_headers
Origin: https://evil.example
--- error_code: 403
--- response_headers
Vary: Origin
! Access-Control-Allow-Origin



=== TEST 3: no origin
--- channel
        type          webchat;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
--- must_die
--- error_log
connext: channel "site": "allow_origin" is missing in



=== TEST 4: an origin that is none
--- channel
        type          webchat;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
        allow_origin  https://shop.example.com/;
--- must_die
--- error_log
connext: channel "site": allow_origin "https://shop.example.com/" is no origin of the form



=== TEST 5: a star within a name
--- channel
        type          webchat;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
        allow_origin  https://*shop.example.com;
--- must_die
--- error_log
is no origin of the form



=== TEST 6: any origin
--- channel
        type          webchat;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
        allow_origin  *;
--- error_log
connext: channel "site": allow_origin "*" lets the pages of every site use this chat



=== TEST 7: a short identity secret
--- channel
        type                  webchat;
        secret_file           $TEST_NGINX_SERVER_ROOT/html/secret;
        identity_secret_file  $TEST_NGINX_SERVER_ROOT/html/short;
        allow_origin          *;
--- must_die
--- error_log
html/short" holds fewer than 16 bytes: that is no secret in



=== TEST 8: origins of another type
--- channel
        type          rcs;
        secret_file   $TEST_NGINX_SERVER_ROOT/html/secret;
        allow_origin  https://shop.example.com;
--- must_die
--- error_log
connext: channel "site": "allow_origin" is for type webchat in



=== TEST 9: an identity secret of another type
--- channel
        type                  rcs;
        secret_file           $TEST_NGINX_SERVER_ROOT/html/secret;
        identity_secret_file  $TEST_NGINX_SERVER_ROOT/html/secret;
--- must_die
--- error_log
connext: channel "site": "identity_secret_file" is for type webchat in



=== TEST 10: as a webhook
--- location
        connext_webhook  site;
        connext_pass     127.0.0.1:1;
--- must_die
--- error_log
connext: channel "site": its type needs "connext_chat" instead in



=== TEST 11: a webhook's channel as a chat
--- channel
        type         rcs;
        secret_file  $TEST_NGINX_SERVER_ROOT/html/secret;
--- must_die
--- error_log
connext: channel "site": only type webchat has "connext_chat" in



=== TEST 12: a location that is no folder
--- place
/chat
--- must_die
--- error_log
"connext_chat" needs a location of the form /chat/site/ in



=== TEST 13: an exact location
--- place
= /chat/site/
--- must_die
--- error_log
"connext_chat" needs a location of the form /chat/site/ in



=== TEST 14: a regular expression
--- place
~ ^/chat/
--- must_die
--- error_log
"connext_chat" needs a location of the form /chat/site/ in



=== TEST 15: without Redis
--- location
        connext_chat  site;
--- must_die
--- error_log
connext: channel "site": "connext_chat" needs "connext_pass" in the same location in
