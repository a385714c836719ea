#!/usr/bin/perl

# connextctl against a scripted API and edge: what it asks, what it prints,
# and how it exits.  CONNEXT_BUILD names the folder with the programs.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();
use Test::More;

my $top = dirname(__FILE__) . "/../..";
my $ctl = ($ENV{CONNEXT_BUILD} || "$top/build/release") . "/connextctl";
my $secret = "0123456789abcdef0123456789abcdef";

plan skip_all => "no $ctl (make ctl)" unless -x $ctl;

my $dir = tempdir("connext-ctl-XXXXXX", TMPDIR => 1, CLEANUP => 1);
my $json = JSON::PP->new->canonical;
my %child;
my $main = $$;

delete @ENV{qw(CONNEXT_URL CONNEXT_EDGE CONNEXT_SECRET_FILE NO_COLOR)};
$ENV{TZ} = "UTC";


# --- the scripted server -----------------------------------------------------

sub read_request {
    my ($s) = @_;
    my ($head, $byte) = ("", "");

    while ($head !~ /\r\n\r\n\z/) {
        sysread($s, $byte, 1) or return;
        $head .= $byte;
    }

    my ($line, @rest) = split /\r\n/, $head;
    my %h = map { /^([^:]+):\s*(.*)$/ ? (lc $1, $2) : () } @rest;
    my $body = "";

    while (length $body < ($h{"content-length"} || 0)) {
        sysread($s, $body, $h{"content-length"} - length $body, length $body)
            or return;
    }

    my ($method, $target) = split / /, $line;
    return { method => $method, target => $target, headers => \%h,
             body => $body };
}


# Serves until it is ended; every request is a line of $log.
sub serve {
    my ($listen, $log, $answer) = @_;
    my $pid = fork();

    die "fork: $!" unless defined $pid;

    if ($pid) {
        $child{$pid} = 1;
        close $listen;
        return $pid;
    }

    $SIG{TERM} = sub { POSIX::_exit(0) };
    $SIG{PIPE} = "IGNORE";

    my $all = IO::Select->new($listen);

    while (my @ready = $all->can_read) {
        for my $s (@ready) {
            if ($s == $listen) {
                $all->add($listen->accept);
                next;
            }

            my $r = read_request($s);

            if (!$r) {
                $all->remove($s);
                close $s;
                next;
            }

            open my $fh, ">>", $log or die "$log: $!";
            print $fh $json->encode($r), "\n";
            close $fh;

            my ($status, $body, %more) = $answer->($r);
            my $extra = join "", map { "$_: $more{$_}\r\n" } sort keys %more;

            syswrite $s, "HTTP/1.1 $status X\r\n${extra}Content-Length: "
                         . length($body) . "\r\n\r\n$body";
        }
    }

    POSIX::_exit(0);
}


sub requests {
    my ($log) = @_;

    open my $fh, "<", $log or return;
    my @all = map { $json->decode($_) } <$fh>;
    unlink $log;

    return @all;
}


# --- what it answers ---------------------------------------------------------

my $event = "ev_01KB0000000000000000000000";
my $agent = { id => "ag_0000000000001", name => "house",
              provider => "knowledge", model => "", threshold => 0.95,
              updated_at => 1795579377000 };
my $channel = { id => "ch_0000000000001", name => "wa-demo",
                type => "whatsapp", account => "106540352242922",
                agent => "house", active => JSON::PP::true, health => "ok",
                webhook_path => "/hooks/wa-demo" };

sub message {
    my (%m) = @_;

    return { id => "ms_0000000000001", conversation => "cv_0000000000001",
             direction => "in", author => "customer", content => "text",
             state => "received", turn => "tn_0000000000009", event => $event,
             received_at => 1795579377000, created_at => 1795579377003, %m };
}

my %timeline = (
    answered => [
        message(text => "hi"),
        message(id => "ms_0000000000002", direction => "out",
                state => "delivered", text => "From 15:00.\n\nBring a towel.",
                provider_id => "wamid.X",
                received_at => 0, created_at => 1795579377503,
                sending_at => 1795579377504, accepted_at => 1795579377510,
                delivered_at => 1795579377000),
    ],
    ignored => [ message(text => "hi", turn => undef) ],
    waiting => [ message(text => "hi", turn => "tn_0000000000008") ],
    open    => [ message(text => "hi") ],
    failed  => [
        message(text => "hi"),
        message(direction => "out", state => "failed", text => "no",
                error => { code => 131026, text => "undeliverable" }),
    ],
);

my $review = { id => "rv_0000000000008", state => "waiting",
               confidence => 0.42, reason => "nothing matches",
               draft => "I think so.", question => "hi" };

sub problem {
    my ($status, $title, %more) = @_;

    return ($status, $json->encode({ title => $title, status => $status,
                                     %more }));
}

sub api {
    my ($r) = @_;
    my ($m, $t) = @$r{qw(method target)};
    my $list = sub { (200, $json->encode({ data => [@_],
                                           next_cursor => undef })) };

    return (200, "{}") if $t =~ m{^/(healthz|readyz)$};
    return (200, $json->encode({ version => "9.9", redis => { up => 1 } }))
        if $t eq "/api/v1/status";
    return $list->($agent) if "$m $t" eq "GET /api/v1/agents";
    return (200, $json->encode({ data => [$agent, $agent],
                                 next_cursor => "c2" }))
        if $t =~ m{^/api/v1/agents\?limit=2};
    return (201, $json->encode($agent)) if "$m $t" eq "POST /api/v1/agents";
    return (204, "") if $m eq "DELETE";
    return (201, $json->encode({ id => "kf_1", name => "faq.md",
                                 chunks => 3 }))
        if "$m $t" =~ m{^POST .*/knowledge\?name=};
    return $list->({ score => 2.5, source => "faq.md", position => 1,
                     text => "a\nb\e[31m" })
        if $t =~ m{/search\?q=};
    return $list->($channel) if "$m $t" eq "GET /api/v1/channels";
    return (200, $json->encode($channel))
        if $t eq "/api/v1/channels/wa-demo";
    return problem(404, "Not found", detail => "no such channel")
        if $t =~ m{^/api/v1/channels/};
    return problem(409, "Conflict", detail => "decided already")
        if $t eq "/api/v1/reviews/rv_9/approve";
    return problem(400, "Invalid", detail => "one field is wrong",
                   errors => [{ pointer => "/threshold",
                                message => "0 to 1" }])
        if $m eq "PATCH";
    return problem(503, "Store failed") if $t =~ m{/dead-letters};
    return (200, $json->encode($review))
        if $t eq "/api/v1/reviews/rv_0000000000008";
    return (200, $json->encode({ %$review, state => "edited" }))
        if $m eq "POST" && $t =~ m{^/api/v1/reviews/};
    return (200, $json->encode({ data => $timeline{$1} }))
        if $t =~ m{^/api/v1/events/ev_(\w+)/timeline$} && $timeline{$1};
    return (200, $json->encode({ data => $timeline{answered} }))
        if $t eq "/api/v1/events/$event/timeline";

    return problem(404, "Not found");
}

sub edge {
    my ($r) = @_;
    my ($token) = $r->{target} =~ /hub\.verify_token=([^&]*)/;
    my ($challenge) = $r->{target} =~ /hub\.challenge=([^&]*)/;
    my $sig = $r->{headers}{"x-hub-signature-256"} || "";

    if ($r->{method} eq "GET") {
        return $token eq "tok" ? (200, $challenge) : (403, "");
    }

    return (404, "") unless $r->{target} =~ m{^/hooks/wa-(\w+)$};
    my $what = $1 eq "demo" ? $event : "ev_$1";
    return (503, "") if $1 eq "busy";
    return (401, "")
        if $sig ne "sha256=" . hmac_sha256_hex($r->{body}, $secret);
    return (200, "") if $1 eq "mute";
    return (200, "", "X-Connext-Event" => $what);
}


# --- running it --------------------------------------------------------------

my ($out, $err, $rc);

sub run {
    my (@args) = @_;
    my $pid = fork();

    die "fork: $!" unless defined $pid;

    if (!$pid) {
        open STDIN, "<", "/dev/null";
        open STDOUT, ">", "$dir/out";
        open STDERR, ">", "$dir/err";
        exec { $ctl } $ctl, "--url", "unix:$dir/api.sock", @args
            or POSIX::_exit(127);
    }

    waitpid $pid, 0;
    $rc = $? & 127 ? "signal " . ($? & 127) : $? >> 8;
    ($out, $err) = map { slurp("$dir/$_") } qw(out err);
}


sub slurp {
    my ($file) = @_;

    open my $fh, "<", $file or die "$file: $!";
    local $/;
    return scalar(<$fh>) // "";
}


sub put {
    my ($name, $text) = @_;

    open my $fh, ">", "$dir/$name" or die "$dir/$name: $!";
    print $fh $text;
    close $fh;

    return "$dir/$name";
}


my $api_log = "$dir/api.log";
my $edge_log = "$dir/edge.log";
my $api = IO::Socket::UNIX->new(Local => "$dir/api.sock", Listen => 64)
    or die "api: $!";
my $tcp = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 64,
                                ReuseAddr => 1) or die "edge: $!";
my $edge = "http://127.0.0.1:" . $tcp->sockport;

serve($api, $api_log, \&api);
serve($tcp, $edge_log, \&edge);

my $key = put("app_secret", "$secret\n");
my @sim = ("simulate", "whatsapp", "--edge", $edge, "--secret-file", $key);


# --- usage -------------------------------------------------------------------

for my $bad (
    [["bogus"],                              qr/no command "bogus"/],
    [["agents"],                             qr/agents list/],
    [["agents", "bogus"],                    qr/no command "agents bogus"/],
    [["agents", "get"],                      qr/needs AGENT/],
    [["agents", "get", "a", "b"],            qr/"b" is too much/],
    [["agents", "list", "--limit"],          qr/--limit needs 1\.\.200/],
    [["agents", "list", "--limit", "0"],     qr/--limit wants 1\.\.200/],
    [["agents", "list", "--limit", "201"],   qr/--limit wants/],
    [["agents", "list", "--limit", "1x"],    qr/--limit wants/],
    [["agents", "list", "--limit=1", "--limit=2"], qr/twice/],
    [["agents", "list", "--bogus"],          qr/unknown flag --bogus/],
    [["-o", "yaml", "agents", "list"],       qr/--output wants/],
    [["--timeout", "0s", "status"],          qr/--timeout wants/],
    [["--timeout", "5", "status"],           qr/--timeout wants/],
    [["--yes=1", "status"],                  qr/takes no value/],
    [["agents", "create"],                   qr/at least one flag/],
    [["agents", "create", "--threshold", "x"], qr/--threshold wants/],
    [["channels", "create", "--active", "maybe"], qr/--active wants/],
    [["channels", "create", "--set", "a"], qr/--set wants NAME=VALUE/],
    [["reviews", "edit", "rv_8"],            qr/--text TEXT or --text-file/],
    [["reviews", "list", "--state", "odd"],  qr/--state wants/],
    [["simulate", "whatsapp", "--channel", "wa-demo", "--type", "odd"],
                                             qr/no message type "odd"/],
    [["simulate", "whatsapp", "--channel", "wa-demo", "--status", "read"],
                                             qr/needs --of/],
    [["simulate", "whatsapp", "--channel", "wa-demo", "--count", "10001"],
                                             qr/--count wants/],
    [["simulate", "whatsapp", "--channel", "wa-demo", "--count", "2",
      "--wait"],                             qr/--count goes without/],
    [["simulate", "whatsapp", "--channel", "wa-demo", "--from", "maria"],
                                             qr/--from wants a number/],
    [["simulate", "whatsapp", "--channel", "wa-demo"],
                                             qr/needs --secret-file/],
) {
    my ($args, $text) = @$bad;

    run(@$args);
    is($rc, 2, "usage: @$args");
    like($err, $text, "... says why");
    is($out, "", "... prints no data");
}

run("--help");
is($rc, 0, "--help");
like($out, qr/simulate whatsapp/, "... lists the commands");
run("agents", "create", "--help");
like($out, qr/--threshold 0\.\.1/, "help of a command lists its flags");
run("help", "agents");
like($out, qr/agents delete AGENT/, "help of a group");
requests($api_log);


# --- lists and objects -------------------------------------------------------

run("agents", "list");
is($rc, 0, "agents list");
like($out, qr/^NAME +PROVIDER .*\nhouse +knowledge +- +0\.95 +2026-11-2/,
     "... is a table");
unlike($out, qr/\e/, "... without escapes");

run("agents", "list", "--color", "always");
like($out, qr/^\e\[1mNAME/, "--color always");

run("-o", "json", "agents", "list");
is_deeply($json->decode($out), { data => [$agent], next_cursor => undef },
          "-o json is the API's document");
run("-o", "jsonl", "agents", "list");
is_deeply($json->decode($out), $agent, "-o jsonl is a row a line");
is($out =~ tr/\n//, 1, "... one line");
run("agents", "list", "-oname");
is($out, "ag_0000000000001\n", "-o name is the id");

requests($api_log);
run("agents", "list", "--limit", "2", "--cursor", "a b&c");
is((requests($api_log))[0]{target},
   "/api/v1/agents?limit=2&cursor=a%20b%26c", "the query is encoded");
like($err, qr/--cursor c2/, "... the next page is named on stderr");
run("-q", "agents", "list", "--limit", "2");
is($err, "", "-q: no hints");

run("knowledge", "search", "two words");
like($out, qr/faq\.md +1 +- +a b/, "cells stay on their line");
unlike($out, qr/\e/, "... and carry no control characters");
is((requests($api_log))[-1]{target},
   "/api/v1/agents/house/search?q=two%20words", "the only agent is taken");

run("channels", "url", "wa-demo", "--base", "https://edge.example.com/");
is($out, "https://edge.example.com/hooks/wa-demo\n", "channels url");


# --- making and changing -----------------------------------------------------

requests($api_log);
run("agents", "create", "--name", "house", "--threshold", "0.9",
    "--prompt-file", put("prompt", "You are kind.\n"), "--max-tokens", "64");
my ($r) = requests($api_log);
is($rc, 0, "agents create");
is($out, "ag_0000000000001\n", "... prints the id");
is_deeply($json->decode($r->{body}),
          { name => "house", threshold => 0.9, prompt => "You are kind.\n",
            max_tokens => 64 }, "... sends what the flags say");
is($r->{headers}{"content-type"}, "application/json", "... as JSON");

run("channels", "create", "--name", "wa", "--agent", "none", "--active",
    "off", "--token-file", "/etc/t", "--set", "a=b=c", "--set", "d=");
($r) = requests($api_log);
is_deeply($json->decode($r->{body}),
          { name => "wa", agent => undef, active => JSON::PP::false,
            token_file => "/etc/t", settings => { a => "b=c", d => "" } },
          "none is null, off is false, settings are an object");

run("agents", "update", "house", "--threshold", "7");
is($rc, 7, "a bad field: 7");
like($err, qr{error: Invalid: one field.*\n  /threshold: 0 to 1}s,
     "... is named");
run("-o", "json", "agents", "update", "house", "--threshold", "7");
is($json->decode($err)->{errors}[0]{pointer}, "/threshold",
   "-o json: the problem document, on stderr");
is($out, "", "... nothing on stdout");

requests($api_log);
run("knowledge", "add", put("faq.md", "# Q\n\nA\n"), "--agent", "my house");
($r) = requests($api_log);
is($r->{target}, "/api/v1/agents/my%20house/knowledge?name=faq.md",
   "knowledge add names the file");
is($r->{body}, "# Q\n\nA\n", "... and sends its bytes");
run("knowledge", "add", "$dir/none.md", "--agent", "house");
is($rc, 7, "... a file that is not there: 7");

run("agents", "delete", "house");
is($rc, 6, "delete without --yes: 6");
is(scalar(grep { $_->{method} eq "DELETE" } requests($api_log)), 0,
   "... asks nothing of the API");
run("agents", "delete", "house", "-y");
is($rc, 0, "delete -y");
is((requests($api_log))[-1]{method}, "DELETE", "... does it");

run("reviews", "edit", "rv_0000000000008", "--text", "Yes.");
is($rc, 0, "reviews edit");
is_deeply($json->decode((requests($api_log))[-1]{body}),
          { text => "Yes." }, "... sends the text");


# --- exits -------------------------------------------------------------------

run("channels", "get", "nope");
is($rc, 5, "not found: 5");
like($err, qr/error: Not found: no such channel/, "... says so");
run("reviews", "approve", "rv_9");
is($rc, 6, "conflict: 6");
run("dlq", "list");
is($rc, 1, "the server fails: 1");
run("--url", "unix:$dir/nobody.sock", "status");
is($rc, 3, "nobody there: 3");
like($err, qr/^hint: /m, "... with a hint");

{
    my $deaf = IO::Socket::UNIX->new(Local => "$dir/deaf.sock", Listen => 8);

    run("--url", "unix:$dir/deaf.sock", "--timeout", "200ms", "status");
    is($rc, 8, "no answer in time: 8");
}

run("status");
is($rc, 0, "status of a ready worker: 0");
like($out, qr/^redis\.up +1$/m, "... members of members have a dot");


# --- simulate: bodies --------------------------------------------------------

run("simulate", "whatsapp", "--list");
my @types = split /\n/, $out;
cmp_ok(scalar @types, ">=", 18, "there are samples of many types");

for my $type (@types) {
    requests($edge_log);
    run(@sim, "--channel", "wa-demo", "--account", "1", "--type", $type,
        "--of", "wamid.OF");
    is($rc, 0, "sample $type is signed right");

    my $doc = $json->decode((requests($edge_log))[0]{body});
    my $value = $doc->{entry}[0]{changes}[0]{value};
    my $m = $value->{messages}[0];

    is($value->{metadata}{phone_number_id}, "1", "... our side");
    is($value->{contacts}[0]{wa_id}, "15550104821", "... the customer");
    like($m->{id}, qr/^wamid\.SIM[0-9A-Z]{26}\d+$/, "... an id");
    ok(exists $m->{$m->{type}}, "... its own object");
}

requests($api_log);
run(@sim, "--text", "Gr\xc3\xbc\xc3\x9fe", "--user-id", "US.1349",
    "--username", "maria");
is($rc, 0, "the only channel is taken");
like($out, qr{^edge +POST /hooks/wa-demo  200  [\d.]+ ms  \Q$event\E\n\z},
     "one line tells what the edge said");
{
    my $body = (requests($edge_log))[0]{body};
    my $value = $json->decode($body)->{entry}[0]{changes}[0]{value};

    unlike($body, qr/[^\x00-\x7f]/, "the body is escaped, as Meta's is");
    is($value->{metadata}{phone_number_id}, "106540352242922",
       "the account is the channel's");
    ok(!exists $value->{messages}[0]{from}, "no number with --user-id");
    is($value->{messages}[0]{from_user_id}, "US.1349", "... the id instead");
    is($value->{contacts}[0]{profile}{username}, "maria", "... the name");
}

{
    local @ENV{qw(CONNEXT_EDGE CONNEXT_SECRET_FILE)} = ($edge, $key);

    run("simulate", "whatsapp");
    is($rc, 0, "edge and secret from the environment");
    requests($edge_log);
}

run(@sim, "--status", "failed", "--of", "wamid.A", "--error", "131026",
    "--tag", "ms_1");
{
    my $value = $json->decode((requests($edge_log))[0]{body})
        ->{entry}[0]{changes}[0]{value};

    is($value->{statuses}[0]{errors}[0]{code}, 131026, "a failed status");
    is($value->{statuses}[0]{biz_opaque_callback_data}, "ms_1", "... its tag");
}

run(@sim, "--channel", "wa-demo", "--file", put("body", '{"a":1}'));
is((requests($edge_log))[0]{body}, '{"a":1}', "--file is sent as it is");

run(@sim, "--text", "\xff");
is($rc, 7, "a text that is not UTF-8: 7");

run(@sim, "--duplicate", "2");
{
    my @all = map { $_->{body} } requests($edge_log);

    is(scalar @all, 3, "--duplicate 2: three times");
    is(scalar(grep { $_ eq $all[0] } @all), 3, "... the same bytes");
}

run(@sim, "--count", "20", "--concurrency", "4", "-o", "json");
{
    my %from = map { $json->decode($_->{body})->{entry}[0]{changes}[0]{value}
                     {messages}[0]{from} => 1 } requests($edge_log);

    is(scalar keys %from, 20, "--count: every message of another customer");
    is($json->decode($out)->{as_expected}, 20, "... all went well");
}

run(@sim, "--burst", "5");
{
    my @ids = map { $json->decode($_->{body})->{entry}[0]{changes}[0]{value}
                    {messages}[0]{id} } requests($edge_log);

    is(scalar @ids, 5, "--burst 5");
    is_deeply([sort @ids], \@ids, "... in order");
}


# --- simulate: refusals ------------------------------------------------------

run("simulate", "whatsapp", "--edge", $edge, "--channel", "wa-demo",
    "--bad-signature");
is($rc, 0, "--bad-signature: the edge rejects, done");
like((requests($edge_log))[0]{headers}{"x-hub-signature-256"},
     qr/^sha256=[0-9a-f]{64}$/, "... a signature was there");
run("simulate", "whatsapp", "--edge", $edge, "--channel", "wa-demo",
    "--no-signature");
is($rc, 0, "--no-signature likewise");
ok(!exists((requests($edge_log))[0]{headers}{"x-hub-signature-256"}),
   "... there was none");

run("simulate", "whatsapp", "--edge", $edge, "--channel", "wa-busy",
    "--bad-signature");
is($rc, 1, "--bad-signature and no 401: 1");
run(@sim, "--channel", "wa-busy", "--account", "1");
is($rc, 1, "503: 1");
run(@sim[0 .. 3], "--secret-file", put("wrong", "wrong"), "--channel",
    "wa-demo", "--account", "1");
is($rc, 1, "401: 1");
like($err, qr/hint: is it the secret/, "... with a hint");
run(@sim[0 .. 3], "--secret-file", put("empty", "\n"), "--channel",
    "wa-demo", "--account", "1");
is($rc, 7, "an empty secret: 7");

{
    my $free = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1);
    my $port = $free->sockport;

    close $free;
    run("simulate", "whatsapp", "--edge", "http://127.0.0.1:$port",
        "--channel", "x", "--no-signature");
    is($rc, 3, "no edge there: 3");
}

for my $far ("http://192.0.2.1", "http://127.0.0.1.example.com",
             "http://localhost\@192.0.2.1", "http://localhost.example") {
    run("simulate", "whatsapp", "--edge", $far, "--channel", "x",
        "--no-signature");
    is($rc, 6, "$far needs --yes");
}

run("simulate", "whatsapp", "--edge", $edge, "--channel", "wa-demo",
    "--verify-token-file", put("token", "tok\n"));
is($rc, 0, "the challenge comes back");
run("simulate", "whatsapp", "--edge", $edge, "--channel", "wa-demo",
    "--verify-token-file", put("token2", "no"));
is($rc, 1, "a wrong token: 1");


# --- simulate: waiting -------------------------------------------------------

run(@sim, "--wait", "reply");
is($rc, 0, "--wait reply");
like($out, qr{^edge\ .*\n
              taken\ +\+0\.003\ s\ \ ms_0000000000001\n
              planned\ +\+0\.503\ s\ +ms_0000000000002\n
              sent\ +\+0\.504\ s\n
              accepted\ +\+0\.510\ s\ +wamid\.X\n
              delivered\ +~\+0\.510\ s\n
              reply\ +"From\ 15:00\.\n\n\ {11}Bring\ a\ towel\."\n\z}x,
     "... prints every hop and the reply");

run(@sim, "--wait", "-o", "json");
is($json->decode($out)->{timeline}[1]{provider_id}, "wamid.X",
   "--wait -o json: one document");

run(@sim, "--channel", "wa-waiting", "--account", "1", "--wait");
is($rc, 0, "a draft that waits for a person ends the wait");
like($out, qr/^review\ +rv_0000000000008\ +waiting\ +confidence\ 0\.42\n
              reason\ +nothing\ matches\n
              draft\ +"I\ think\ so\."/xm,
     "... with the reason");

run(@sim, "--channel", "wa-ignored", "--account", "1", "--wait");
is($rc, 1, "not answered by rule: 1");
run(@sim, "--channel", "wa-failed", "--account", "1", "--wait");
is($rc, 1, "a failed send: 1");
like($out, qr/^failed +undeliverable/m, "... with the provider's words");
run(@sim, "--channel", "wa-open", "--account", "1", "--wait", "--timeout",
    "300ms");
is($rc, 8, "no reply in time: 8");
run(@sim, "--channel", "wa-lost", "--account", "1", "--wait", "--timeout",
    "300ms");
is($rc, 8, "not taken in time: 8");
run(@sim, "--channel", "wa-mute", "--account", "1", "--wait");
is($rc, 1, "an edge without event ids cannot be followed");
run(@sim, "--channel", "wa-lost", "--account", "1", "--wait", "queued");
is($rc, 0, "--wait queued: the 200 is enough");


# --- secrets -----------------------------------------------------------------

{
    my $cmdline = slurp("$top/src/ctl/commands.c");

    unlike($cmdline, qr/"(?:secret|token|verify-token|api-key)"/,
           "no flag takes a secret's value");
}

END {
    my $status = $?;

    %child = () if $$ != $main;

    for my $pid (keys %child) {
        kill TERM => $pid;
        waitpid $pid, 0;
    }

    $? = $status;
}

done_testing();
