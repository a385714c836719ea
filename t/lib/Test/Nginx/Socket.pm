package Test::Nginx::Socket;

# Runs blocks in the data format of Test::Nginx::Socket: a configuration, a
# request, what is expected.  Written for this project on Test::Base; the
# blocks run under the real one too (prove --norc -I .../lib t/edge), which
# is why nothing here may be needed that it has not.
#
# Stricter than the real one in what it never asks about: a crash of nginx,
# an [alert] or [emerg] nobody named, or a sanitizer's report fails the block.

use Test::Base -base;
use Test::Nginx::Client;
use Test::Nginx::Server;

use List::Util qw(shuffle);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(
    repeat_each workers worker_connections master_on master_off
    master_process_enabled log_level timeout no_shuffle no_long_string
    no_root_location server_root html_dir server_port server_port_for_client
    server_addr server_name env_to_nginx config_preamble use_hup is_str
    add_block_preprocessor add_cleanup_handler add_test_cleanup_handler
    add_response_body_check check_accum_error_log bail_out run_tests
);

my %set = (
    repeat_each         => 1,
    workers             => 1,
    worker_connections  => 64,
    master              => $ENV{TEST_NGINX_MASTER_PROCESS} || 0,
    log_level           => $ENV{TEST_NGINX_LOG_LEVEL} || 'debug',
    timeout             => $Test::Nginx::Client::TIMEOUT,
    server_name         => 'localhost',
    preamble            => '',
    shuffle             => !$ENV{TEST_NGINX_NO_SHUFFLE},
    env                 => [],
);
my (@preprocess, @cleanup, @test_cleanup, @body_checks);
my $accumulate;
my $seen = 0;                  # bytes of error.log looked at already

Test::Nginx::Server::setup();
Test::Nginx::Server::redis();


# --- settings ----------------------------------------------------------------

sub setting {
    my ($key, @value) = @_;

    $set{$key} = $value[0] if @value;
    return $set{$key};
}


sub repeat_each            { return setting('repeat_each', @_) }
sub workers                { return setting('workers', @_) }
sub worker_connections     { return setting('worker_connections', @_) }
sub log_level              { return setting('log_level', @_) }
sub timeout                { return setting('timeout', @_) }
sub server_name            { return setting('server_name', @_) }
sub config_preamble        { return setting('preamble', @_) }
sub master_on              { $set{master} = 1 }
sub master_off             { $set{master} = 0 }
sub master_process_enabled { return setting('master', @_) }
sub no_shuffle             { $set{shuffle} = 0 }
sub no_root_location       { $set{no_root_location} = 1 }
sub no_long_string         { }
sub use_hup                { }
sub check_accum_error_log  { $accumulate = 1 }
sub env_to_nginx           { push @{$set{env}}, @_ }
sub server_addr            { return '127.0.0.1' }
sub server_port            { return $Test::Nginx::Server::PORT }
sub server_port_for_client { return $Test::Nginx::Server::PORT }
sub server_root            { return $Test::Nginx::Server::ROOT }
sub html_dir               { return $Test::Nginx::Server::ROOT . '/html' }
sub add_block_preprocessor   { unshift @preprocess, @_ }
sub add_cleanup_handler      { push @cleanup, @_ }
sub add_test_cleanup_handler { push @test_cleanup, @_ }
sub add_response_body_check  { push @body_checks, @_ }
sub is_str                   { goto &is }


sub bail_out {
    Test::More::BAIL_OUT(join '', @_);
}


# --- blocks ------------------------------------------------------------------

sub run_tests {
    my @blocks = blocks();

    @blocks = shuffle(@blocks) if $set{shuffle};
    run_block($_) for @blocks;
    $_->() for @cleanup;
}


sub run_block {
    my ($block) = @_;

    my $name = $block->name;
    $_->($block) for @preprocess;

    my $skip = skipped($block);
    if (defined $skip) {
        for (1 .. $set{repeat_each}) {
            SKIP: { skip "$name - $skip->[1]", $skip->[0] }
        }
        return;
    }

    my $todo = $block->todo;
    if (defined $todo) {
        my ($n, $why) = $todo =~ /^\s*(\d+)\s*:\s*(.*)/s;
        for (1 .. $set{repeat_each}) {
            TODO: { todo_skip "$name - $why", $n }
        }
        return;
    }

    eval { run_live($block, $name); 1 }
        or fail("$name - " . ($@ =~ s/\s+\z//r));

    end_block($name, $block);
    $_->() for @test_cleanup;
}


# [count, reason] or undef.
sub skipped {
    my ($block) = @_;

    if (defined(my $spec = $block->skip_eval)) {
        my ($n, $code) = $spec =~ /^\s*(\d+)\s*:\s*(.*)/s
            or die "skip_eval: want \"N: code\"\n";
        return [$n, 'skip_eval'] if eval $code;
        die "skip_eval: $@" if $@;
    }

    if (defined(my $spec = $block->skip_nginx)) {
        my ($n, $op, $want) = $spec =~ /^\s*(\d+)\s*:\s*([<>=!]+)\s*(\S+)/
            or die "skip_nginx: want \"N: OP VERSION\"\n";
        my $have = version_number(nginx_version());
        $want = version_number($want);
        my %is = ('<' => $have < $want, '<=' => $have <= $want,
                  '>' => $have > $want, '>=' => $have >= $want,
                  '==' => $have == $want, '!=' => $have != $want);
        return [$n, "nginx version $op"] if $is{$op};
    }

    return undef;
}


my $version;

sub nginx_version {
    if (!defined $version) {
        my $text = `$Test::Nginx::Server::BINARY -v 2>&1`;
        ($version) = $text =~ m{nginx/(\d+\.\d+\.\d+)};
    }

    return $version;
}


sub version_number {
    my ($v) = @_;

    my @part = split /\./, $v;
    return $part[0] * 1_000_000 + $part[1] * 1000 + ($part[2] || 0);
}


sub prepare {
    my ($block) = @_;

    my %section;
    for my $key (qw(config http_config main_config post_main_config)) {
        $section{$key} = Test::Nginx::Server::expand(scalar $block->$key) // '';
    }

    Test::Nginx::Server::fresh_root();
    Test::Nginx::Server::user_files(scalar $block->user_files);
    if (defined(my $setup = $block->post_setup_server_root)) {
        ref $setup eq 'CODE' ? $setup->() : eval $setup;
        die $@ if $@;
    }

    Test::Nginx::Server::write_conf(
        %set, %section,
        log_level   => $block->log_level // $set{log_level},
        server_name => $block->server_name // $set{server_name},
        no_root_location => $set{no_root_location});
    $seen = 0;
}


sub run_live {
    my ($block, $name) = @_;

    if (defined(my $init = $block->init)) {
        eval "package main; $init; 1" or die "init: $@";
    }

    prepare($block);

    if (defined(my $code = $block->must_die)) {
        for my $i (0 .. $set{repeat_each} - 1) {
            my $status = Test::Nginx::Server::must_die();
            $code =~ /^\d+$/ ? is(($status // 0) >> 8, $code, "$name - dies")
                             : ok($status, "$name - dies");
            check_logs($block, $name, $i);
        }
        return;
    }

    my $problem = Test::Nginx::Server::start();
    die $problem if defined $problem;

    for my $i (0 .. $set{repeat_each} - 1) {
        run_requests($block, $name, $i);
    }
}


# What nobody has to ask for.
sub end_block {
    my ($name, $block) = @_;

    my $problem = Test::Nginx::Server::stop();
    fail("$name - $problem") if defined $problem;

    my $reports = Test::Nginx::Server::sanitizer_reports();
    # A process that refuses its configuration does not tidy up.
    $reports = '' if defined $block->must_die
                     && $reports !~ /ERROR: Address|runtime error/;
    if (length $reports) {
        fail("$name - sanitizer report");
        diag($reports);
    }

    return if defined $block->must_die;

    my @bad = grep { !named($block, $_) } grep { /\[(?:alert|emerg)\]/ }
              split /^/, log_text('error.log');
    if (@bad) {
        fail("$name - unexpected alert");
        diag(@bad);
    }
}


sub named {
    my ($block, $line) = @_;

    return scalar grep { matches($line, $_) } patterns(scalar $block->error_log);
}


sub run_requests {
    my ($block, $name, $repeat) = @_;

    my $i = 0;
    my $timeout = $block->timeout // $set{timeout};
    my @connections = Test::Nginx::Client::connections($block, server_port());
    my $many = @connections > 1 || $connections[0]{responses} > 1;

    $timeout =~ s/ms$// and $timeout /= 1000;
    $timeout =~ s/s$//;

    for my $conn (@connections) {
        my $server = Test::Nginx::Server::tcp_server($block);
        my ($bytes, $late) = Test::Nginx::Client::talk($conn, server_port(),
                                 $timeout, scalar $block->shutdown);

        fail("$name - client socket timed out")
            if $late && !defined $block->abort
               && !defined $block->ignore_response;

        for my $left (reverse 0 .. $conn->{responses} - 1) {
            if (!defined $block->ignore_response) {
                my ($res, $rest) = Test::Nginx::Client::response(
                                       $bytes, $conn->{head});
                check_response($block, $name, $res, $many ? $i : undef);
                $bytes = $rest // '';
                $i++;
            }

            check_logs($block, $name, $repeat) if $left > 0;
        }

        diag("$name - unexpected bytes after the response")
            if length $bytes && !defined $block->ignore_response;

        check_tcp($block, $name, $server);
        sleep $block->wait if defined $block->wait;
        check_logs($block, $name, $repeat);
    }
}


# --- checks ------------------------------------------------------------------

# Element i of a list, or the value itself for a single request.
sub nth {
    my ($value, $i) = @_;

    return $value unless defined $i && ref $value eq 'ARRAY';
    return $value->[$i];
}


sub check_response {
    my ($block, $name, $res, $i) = @_;

    my $want = nth(scalar $block->error_code, $i);
    my $label = defined $i ? "$name (req $i)" : $name;

    # "no answer at all" is asked for with an empty error_code.
    if (!defined $res) {
        $res = { headers => [], raw => '', body => '' };
    }

    $want = defined $want && $want =~ /(\d+)/ ? $1 : defined $want ? '' : 200;
    is($res->{status} // '', $want, "$label - status code ok");

    check_headers($block, $label, $res, $i);

    my $like = nth(scalar $block->raw_response_headers_like, $i);
    like($res->{raw}, regex($like), "$label - raw headers like")
        if defined $like;

    my $unlike = nth(scalar $block->raw_response_headers_unlike, $i);
    unlike($res->{raw}, regex($unlike), "$label - raw headers unlike")
        if defined $unlike;

    check_body($block, $label, $res, $i);
}


sub regex {
    my ($re) = @_;

    return $re if ref $re eq 'Regexp';
    $re =~ s/\n\z//;
    return qr/$re/s;
}


sub check_headers {
    my ($block, $label, $res, $i) = @_;

    my $exact = nth(scalar $block->response_headers, $i);
    for my $line (defined $exact ? split(/\r?\n/, $exact) : ()) {
        next unless $line =~ /\S/;
        if ($line =~ /^\s*!\s*(\S+)/) {
            ok(!defined Test::Nginx::Client::value($res, $1),
               "$label - header $1 not present");
            next;
        }

        my ($key, $value) = split /\s*:\s*/, $line, 2;
        is(Test::Nginx::Client::value($res, $key),
           Test::Nginx::Server::expand($value // ''),
           "$label - header $key ok");
    }

    return if defined $exact;

    my $like = nth(scalar $block->response_headers_like, $i);
    for my $line (defined $like ? split(/\r?\n/, $like) : ()) {
        next unless $line =~ /\S/;
        my ($key, $re) = split /\s*:\s*/, $line, 2;
        like(Test::Nginx::Client::value($res, $key) // '', qr/^$re$/,
             "$label - header $key like");
    }
}


sub check_body {
    my ($block, $label, $res, $i) = @_;

    my $body = $res->{body};

    for my $filter (filters_of(scalar $block->response_body_filters, $i)) {
        $body = ref $filter ? $filter->($body)
                            : do { no strict 'refs'; &{"main::$filter"}($body) };
    }

    # The first of the three that is there is the one that counts.
    my $want = nth(scalar $block->response_body, $i);
    my $like = nth(scalar $block->response_body_like, $i);
    my $unlike = nth(scalar $block->response_body_unlike, $i);

    if (defined $want) {
        $want = Test::Nginx::Server::expand($want);
        $want =~ s/\$ServerPort\b/server_port()/ge;
        is($body, $want, "$label - response_body ok");

    } elsif (defined $like) {
        like($body, regex(Test::Nginx::Server::expand($like)),
             "$label - response_body_like");

    } elsif (defined $unlike) {
        unlike($body, regex(Test::Nginx::Server::expand($unlike)),
               "$label - response_body_unlike");
    }

    $_->($block, $body, $i // 0) for @body_checks;
}


sub filters_of {
    my ($filters, $i) = @_;

    return () unless defined $filters;
    $filters = [split ' ', $filters] unless ref $filters;
    $filters = [$filters] if ref $filters eq 'CODE';
    $filters = $filters->[$i] if defined $i && ref $filters->[0] eq 'ARRAY';
    return @$filters;
}


sub check_tcp {
    my ($block, $name, $pid) = @_;

    return unless defined $pid;

    my $file = "$Test::Nginx::Server::TMP/tcp_query";
    my $deadline = time + 2;
    sleep 0.005 until -e $file || time > $deadline;
    my $status = Test::Nginx::Server::wait_pid($pid, defined
                     $block->tcp_no_close ? 0 : 2);
    Test::Nginx::Server::stop_pid($pid, 'KILL', 1) unless defined $status;

    my $query = Test::Nginx::Server::read_file($file);
    unlink $file;

    my $want = $block->tcp_query;
    if (defined $want) {
        ref $want eq 'Regexp' ? like($query, $want, "$name - tcp_query ok")
                              : is($query, $want, "$name - tcp_query ok");
    }

    is(length $query, scalar $block->tcp_query_len, "$name - tcp_query_len ok")
        if defined $block->tcp_query_len;
}


# --- logs --------------------------------------------------------------------

sub log_text {
    my ($file) = @_;

    return Test::Nginx::Server::read_file(server_root() . "/logs/$file");
}


# A section to its patterns: literal substrings or regular expressions.
sub patterns {
    my ($section) = @_;

    return () unless defined $section;
    return ($section) if ref $section eq 'Regexp';
    return grep { ref || /\S/ }
           ref $section eq 'ARRAY' ? @$section : split /\n/, $section;
}


# Line by line; a pattern never sees two of them.
sub matches {
    my ($text, $pattern) = @_;

    return index($text, $pattern) >= 0 unless ref $pattern eq 'Regexp';
    return scalar grep { $_ =~ $pattern } split /^/, $text;
}


# nginx logs after it has answered: what must come is waited for.
sub check_logs {
    my ($block, $name, $repeat) = @_;

    my @want = patterns(scalar $block->error_log);
    my @never = patterns(scalar $block->no_error_log);
    my @access = patterns(scalar $block->access_log);
    my @no_access = patterns(scalar $block->no_access_log);
    @access = @no_access = () if defined $block->ignore_response;
    my $deadline = time + 2;
    my ($text, $log, $access);

    while (1) {
        $log = log_text(error_log_file($block));
        $access = @access + @no_access > 0 ? log_text('access.log') : '';
        $text = $accumulate ? $log : substr $log, $seen;
        last if time > $deadline
                || (!grep({ !matches($text, $_) } @want)
                    && !grep({ !matches($access, $_) } @access));
        sleep 0.01;
    }

    $seen = length $log;
    ok(matches($text, $_), "$name - error_log has \"$_\"")
        || diag(interesting($text)) for @want;
    ok(!matches($text, $_), "$name - error_log has no \"$_\"") for @never;
    ok(matches($access, $_), "$name - access_log has \"$_\"") for @access;
    ok(!matches($access, $_), "$name - access_log has no \"$_\"")
        for @no_access;

    check_grep($block, $name, $text, $repeat);
}


sub error_log_file {
    my ($block) = @_;

    my $file = Test::Nginx::Server::expand(scalar $block->error_log_file);
    return 'error.log' unless defined $file;

    $file =~ s{^.*/logs/}{};
    return $file;
}


sub interesting {
    my ($text) = @_;

    my @lines = grep { !/\[debug\]/ } split /^/, $text;
    @lines = @lines[-20 .. -1] if @lines > 20;
    return join '', @lines;
}


sub check_grep {
    my ($block, $name, $text, $repeat) = @_;

    my $re = $block->grep_error_log;
    return unless defined $re;

    my $want = $block->grep_error_log_out;
    $want = $want->[$repeat] if ref $want eq 'ARRAY';
    $re = $re->[$repeat] if ref $re eq 'ARRAY';
    $re =~ s/\n\z// unless ref $re;
    $re = quotemeta $re unless ref $re;

    my $got = '';
    for my $line (split /^/, $text) {
        next unless $line =~ /$re/;
        my $match = $&;
        $got .= "$match\n" unless $match =~ /\n/;
    }

    is($got, Test::Nginx::Server::expand($want // ''),
       "$name - grep_error_log_out ok");
}


1;
