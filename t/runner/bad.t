# The runner must fail where it should: a prove of its own for wrong blocks.

use strict;
use warnings;

use File::Temp qw(tempdir);
use Test::More;

my $dir = tempdir(CLEANUP => 1);


# Exit status and output of a file of blocks.
sub prove {
    my ($blocks) = @_;

    open my $f, '>', "$dir/sub.t" or die $!;
    print $f "use Test::Nginx::Socket 'no_plan';\nrun_tests();\n__DATA__\n\n"
             . $blocks;
    close $f;

    local $ENV{TEST_NGINX_LOAD_MODULES} = '';
    delete local $ENV{TEST_NGINX_SERVER_PORT};
    local $ENV{TEST_NGINX_REDIS_SOCK} = 'none';
    my $out = `prove --norc -It/lib $dir/sub.t 2>&1`;
    return ($?, $out);
}

my $ok = "--- config\n    location /t { return 200 \"yes\"; }\n"
         . "--- request\nGET /t\n";

my ($status, $out) = prove("=== TEST 1: right\n$ok--- response_body: yes\n");
is($status, 0, 'a right block passes') or diag($out);

my %wrong = (
    'a wrong status'          => "$ok--- error_code: 201\n",
    'a wrong body'            => "$ok--- response_body: no\n",
    'a body that is not like' => "$ok--- response_body_like: ^no\n",
    'a body unlike'           => "$ok--- response_body_unlike: y.s\n",
    'a wrong header'          => "$ok--- response_headers\nServer: no\n",
    'a header too many'       => "$ok--- response_headers\n! Server\n",
    'a log line that is not'  => "$ok--- error_log\nnever said\n",
    'a log line too many'     => "$ok--- no_error_log\nGET /t\n",
    'an access log'           => "$ok--- access_log\nPOST\n",
    'must_die that lives'     => "$ok--- must_die\n",
    'a broken configuration'  => "--- config\n    nonsense;\n"
                                 . "--- request\nGET /\n",
    'no request'              => "--- config\n",
    'an unset variable'       => "--- config\n    return 200 "
                                 . "\$TEST_NGINX_NOT_SET;\n"
                                 . "--- request\nGET /\n",
    'a sanitizer report'      => "--- init\nTest::Nginx::Server::write_file("
                                 . "\"\$Test::Nginx::Server::ASAN_LOG.1\", "
                                 . "'ERROR: AddressSanitizer');\n$ok",
    'a skip_eval that dies'   => "$ok--- skip_eval: 1: die\n",
    'a crash'                 => "$ok--- error_code: 200\n--- wait: 0.1\n"
                                 . "--- response_body_filters eval\n"
                                 . "sub { kill 'SEGV', "
                                 . "\$Test::Nginx::Server::PID; \$_[0] }\n",
    'an alert'                => "$ok--- response_body_filters eval\n"
                                 . "sub { open my \$f, '>>', main::server_root"
                                 . "() . '/logs/error.log'; print \$f "
                                 . "\"[alert] x\\n\"; close \$f; \$_[0] }\n",
    'a wrong query'           => "--- config\n    location /t { proxy_pass "
                                 . "http://127.0.0.1:"
                                 . "\$TEST_NGINX_RAND_PORT_1; }\n"
                                 . "--- tcp_listen: \$TEST_NGINX_RAND_PORT_1\n"
                                 . "--- tcp_reply eval: "
                                 . "\"HTTP/1.0 200 OK\\r\\n\\r\\n\"\n"
                                 . "--- tcp_query: no\n--- request\nGET /t\n",
);

for my $what (sort keys %wrong) {
    ($status, $out) = prove("=== TEST 1: $what\n$wrong{$what}");
    isnt($status, 0, "fails: $what") or diag($out);
    unlike($out, qr/syntax error|Can't locate|Undefined subroutine/,
           "for its own reason: $what");
}

# Nothing is left behind: no child of ours, no folder.
is(waitpid(-1, 1), -1, 'no process is left');
is_deeply([glob "$ENV{TMPDIR}/connext-test-*"], [], 'no folder is left')
    if $ENV{TMPDIR};

done_testing();
