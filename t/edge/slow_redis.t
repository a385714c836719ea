# A Redis that is slow is waited for; one that stands still is given up.

use Test::Nginx::Socket 'no_plan';
use Digest::SHA qw(hmac_sha256_hex);
use File::Temp qw(tempdir);
use IO::Socket::UNIX;
use POSIX ();

our $dir = tempdir('connext-slow-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $owner = $$;
our %children;


# The answer to one command, by its words.
sub answer {
    my (@word) = @_;

    return "-ERR Function not found\r\n" if $word[0] eq 'FCALL_RO';
    return "\$7\r\nconnext\r\n"          if $word[0] eq 'FUNCTION';
    return "-ERR unknown command\r\n"    if $word[0] eq 'HELLO';

    my $events = $word[2];
    return "*$events\r\n" . "\$3\r\n1-1\r\n" x $events;
}


# Takes the first command off the text, or nothing.
sub command {
    my ($text) = @_;

    return unless $$text =~ /\A\*(\d+)\r\n/g;
    my @word;
    for (1 .. $1) {
        return unless $$text =~ /\G\$(\d+)\r\n/gc;
        my $at = pos $$text;
        return if length($$text) < $at + $1 + 2;
        push @word, substr $$text, $at, $1;
        pos($$text) = $at + $1 + 2;
    }

    substr $$text, 0, pos($$text), '';
    return @word;
}


# One connection at a time; after the greeting a pause before each read, and
# no read at all with a pause below zero.
sub serve {
    my ($server, $pause) = @_;

    while (my $c = $server->accept) {
        my ($text, $calls) = ('', 0);
        while (sysread $c, $text, 65536, length $text) {
            while (my @word = command(\$text)) {
                syswrite $c, answer(@word);
                $calls++;
            }
            next if $calls < 3;
            sleep 60 if $pause < 0;
            select undef, undef, undef, $pause;
        }
    }
}


sub start {
    my ($name, $pause) = @_;

    my $server = IO::Socket::UNIX->new(Local => "$dir/$name", Listen => 5)
        or die "listen: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        eval { serve($server, $pause) };
        POSIX::_exit(0);
    }
    $children{$pid} = 1;
}


END {
    if ($$ == $owner) {
        local $?;
        kill 'KILL', keys %children;
        waitpid $_, 0 for keys %children;
    }
}

start(slow => 0.02);
start(stuck => -1);
$ENV{TEST_NGINX_FAKE} = $dir;

our $secret = '0123456789abcdef0123456789abcdef';
our $messages = join ',', map {
    qq({"from":"16505551234","id":"wamid.$_","timestamp":"1767225590",)
    . qq("type":"text","text":{"body":") . 'x' x 60000 . qq("}})
} 1 .. 50;
our $body = qq({"object":"whatsapp_business_account","entry":[{"id":"1",)
            . qq("changes":[{"field":"messages","value":{"messaging_product":)
            . qq("whatsapp","metadata":{"display_phone_number":"15550783881",)
            . qq("phone_number_id":"106540352242922"},)
            . qq("messages":[$messages]}}]}]});

add_block_preprocessor(sub {
    my ($block) = @_;

    my $fake = $block->fake;
    $block->set_value('request', "POST /hook\n$body");
    $block->set_value('more_headers', "X-Hub-Signature-256: sha256="
                                      . hmac_sha256_hex($body, $secret));
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
    $block->set_value('config', <<"_END");
    location = /hook {
        client_max_body_size 4m;
        connext_webhook      wa-main;
        connext_pass         unix:\$TEST_NGINX_FAKE/$fake;
        connext_send_timeout 300ms;
        connext_read_timeout 20s;
        add_header           X-Result \$connext_result always;
        add_header           X-Reason \$connext_reason always;
    }
_END
});

no_long_string();
log_level('warn');
timeout(30);
run_tests();

__DATA__

=== TEST 1: three megabytes take longer than the time-out, but move on
--- fake: slow
--- response_headers
X-Result: QUEUED
--- no_error_log
[error]



=== TEST 2: nothing moves
--- fake: stuck
--- error_code: 503
--- response_headers
X-Result: UNAVAILABLE
X-Reason: redis_timeout
--- error_log
is not usable: it takes no commands
