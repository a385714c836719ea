package Bench::Worker;

# The workers side by side: the same messages wait in Redis, one process on one
# CPU takes them, asks the model double, sends through the Graph double and
# keeps the record; Redis and the doubles share the other CPU.

use strict;
use warnings;

use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use Time::HiRes qw(sleep time);

use Bench::Deliveries;
use Bench::Edge;
use Bench::Proc;
use Bench::Site;

our @WORKERS = (
    { name => 'Node BullMQ', node => 'bullmq' },
    { name => 'Node XREADGROUP + undici', node => 'stream' },
    { name => $Bench::Edge::OURS, ours => 1, worker => 1 },
);

our @LOADS = (
    { calls => 64, model => 'at once', path => '/now', messages => 40_000 },
    { calls => 1000, model => 'in 0.5 s', path => '/later',
      messages => 40_000 },
);

my $ANSWER = JSON::PP->new->canonical->encode({
    id => 'chatcmpl-1', object => 'chat.completion', created => 1_749_416_383,
    model => 'double-1',
    choices => [{
        index => 0, finish_reason => 'stop',
        message => { role => 'assistant', content =>
            'Thank you for asking! Your order left our house this morning and'
            . ' should be with you on Thursday. You can see where it is at'
            . ' https://shop.example/track/4711. If another address suits you'
            . ' better, write it here and we pass it on to the carrier. Is'
            . ' there anything else that we can do for you today?' },
    }],
    usage => { prompt_tokens => 412, completion_tokens => 78,
               total_tokens => 490 },
});


sub measure
{
    my ($site, $server, $load, $o) = @_;
    my $count = int($load->{messages} / $o->{divide});
    my $redis = $site->start_redis;
    my $double = $site->start_nginx('worker/double.conf',
                                    $Bench::Site::LOAD_CPU,
                                    ANSWER => $ANSWER);
    my ($worker, $row);

    my $ok = eval {
        $site->wait_port($double, $site->{mock});
        unlink glob("$site->{dir}/run/worker.db*");

        if ($server->{ours}) {
            seed_ours($site, $count, $o);
            $worker = start_ours($site, $load);

        } else {
            seed_peer($site, $server, $count, $o);
            $worker = start_peer($site, $server, $count, $load);
        }

        $row = follow($site, $worker, $redis, $double, $count);
        $row->{wrong} = wrong($site, $server, $worker, $count, $row);
        1;
    };
    my $error = $@;

    $_->stop for grep { defined } $worker, $double, $redis;
    die $error if !$ok;

    return $row;
}


sub seed_peer
{
    my ($site, $server, $count, $o) = @_;
    local %ENV = (%ENV, $site->node_env);

    system('node', "$site->{here}/worker/seed.js", $server->{node}, $count,
           $o->{valid}) == 0 or die "seed.js failed\n";

    return;
}


sub start_peer
{
    my ($site, $server, $count, $load) = @_;

    unlink "$site->{dir}/run/node.log";

    return $site->start_node($Bench::Site::SERVER_CPU,
        "$site->{here}/worker/peer.js", $server->{node}, $count,
        $load->{calls}, $load->{path}, "$site->{dir}/run/worker.db");
}


# Our own edge lays the messages into Redis, as it does in real life.
sub seed_ours
{
    my ($site, $count, $o) = @_;
    my $edge = Bench::Edge::ours($site);
    my $step = 200;

    $site->wait_port($edge, $site->{port});

    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$site->{port}")
        or die "connect: $!\n";

    for (my $i = 0; $i < $count; $i += $step) {
        my $last = $i + $step < $count ? $i + $step - 1 : $count - 1;

        print $s Bench::Deliveries::requests($o->{valid}, $i, $last);
        $s->flush;
        read_accepted($s, $last - $i + 1);
    }

    $edge->stop;

    return;
}


# N answers on one connection, all of them 200.
sub read_accepted
{
    my ($s, $n) = @_;
    my ($text, $seen) = ('', 0);

    while ($seen < $n) {
        sysread($s, $text, 65536, length $text) or die "the edge hung up\n";

        while ($text =~ s{^.*?HTTP/1\.1 (\d+)[^\n]*\n}{}s) {
            die "the edge answered $1 to a message\n" if $1 != 200;
            $seen++;
        }
    }

    return;
}


sub start_ours
{
    my ($site, $load) = @_;
    my $run = "$site->{dir}/run";
    my $conf = Bench::Site::write_file("$run/worker.conf", <<"END");
[store]
url = sqlite:$run/worker.db
synchronous = full
[redis]
address = unix:$site->{redis}
[api]
socket = $run/api.sock
[log]
level = warn
[worker]
jobs = $load->{calls}
quiet_ms = 0
typing = off
flood_messages = 0
[ai]
loops = off
turns_max = 0
END

    Bench::Site::write_file("$run/token", 'EAAB0123456789');
    chmod 0600, "$run/token";
    unlink "$run/api.sock";
    lay_channel($site, $load, $conf);

    return $site->run('connext-worker', $Bench::Site::SERVER_CPU,
                      [$site->{worker}, '-c', $conf]);
}


# Agent and channel are made through the API of a worker that owns nothing
# yet: the streams wait behind a prefix of their own.
sub lay_channel
{
    my ($site, $load, $conf) = @_;
    my $origin = "http://127.0.0.1:$site->{mock}";
    my $text = Bench::Proc::slurp($conf)
               =~ s/\[redis\]\n/[redis]\nprefix = none\n/r;
    my $quiet = Bench::Site::write_file("$conf.none", $text);
    my $worker = $site->run('connext-worker', $Bench::Site::LOAD_CPU,
                            [$site->{worker}, '-c', $quiet]);

    $site->wait_for($worker, sub {
        my $status = eval { (api($site, 'GET', '/readyz'))[0] };
        return defined $status && $status == 200;
    });

    must($site, '/api/v1/agents', {
        name => 'bench', provider => 'openai',
        base_url => $origin . $load->{path}, model => 'double-1',
        api_key_file => "$site->{dir}/run/token", threshold => 0,
        links => ['shop.example'],      # which no knowledge names
        prompt => 'You answer the customers of a small shop, politely. ' x 20,
    });
    must($site, '/api/v1/channels', {
        name => 'wa', type => 'whatsapp', account => $Bench::Deliveries::ACCOUNT,
        agent => 'bench', token_file => "$site->{dir}/run/token",
        base_url => "$origin/v24.0", settings => { rate => '100000' },
    });
    $worker->stop;

    return;
}


sub must
{
    my ($site, $path, $body) = @_;
    my ($status, $text) = api($site, 'POST', $path, $body);

    die "POST $path: $status $text\n" if $status != 201;

    return;
}


sub api
{
    my ($site, $method, $path, $body) = @_;
    my $json = $body ? JSON::PP->new->encode($body) : '';
    my $s = IO::Socket::UNIX->new(Peer => "$site->{dir}/run/api.sock")
        or die "api: $!\n";

    print $s "$method $path HTTP/1.1\r\nHost: connext\r\n"
           . "Content-Type: application/json\r\nConnection: close\r\n"
           . 'Content-Length: ' . length($json) . "\r\n\r\n$json";
    $s->flush;

    my $text = do { local $/; readline($s) };
    my ($status, $answer) = $text =~ m{^HTTP/1\.1 (\d+).*?\r\n\r\n(.*)}s;

    return ($status || 0, $answer);
}


# Requests the double has had: one of the model and one of the Graph API a
# message.
sub asked
{
    my ($site) = @_;
    my $s = $site->{counter};

    if (!$s) {
        $s = $site->{counter} =
            IO::Socket::INET->new(PeerAddr => "127.0.0.1:$site->{mock}")
            or die "double: $!\n";
        $site->{polls} = 0;
    }

    print $s "GET /count HTTP/1.1\r\nHost: double\r\n\r\n";
    $s->flush;
    $site->{polls}++;

    my $length = 0;

    while (defined(my $line = readline($s))) {
        $length = $1 if $line =~ /^Content-Length: (\d+)/i;
        last if $line eq "\r\n";
    }

    read($s, my $text, $length);
    my ($requests) = $text =~ /^\s*\d+ \d+ (\d+)\s*$/m or die "no count\n";

    return $requests - $site->{polls};
}


# From the first eighth (everything is warm) to the last message.
sub follow
{
    my ($site, $worker, $redis, $double, $count) = @_;
    my $warm = int($count / 8);
    my $deadline = time + 240;
    my ($from, @rss);

    delete $site->{counter};

    for (;;) {
        my $asked = asked($site);

        die "the worker ended: see $worker->{log}\n" if !$worker->alive;
        die "too slow: $asked requests of " . 2 * $count . "\n"
            if time > $deadline;

        if (!$from && $asked >= 2 * $warm) {
            $from = snapshot($worker, $redis, $double, $asked);
        }

        push @rss, $worker->rss if $from;

        last if $asked >= 2 * $count;
        sleep 0.02;
    }

    delete $site->{counter};
    my $to = snapshot($worker, $redis, $double, 2 * $count);
    my %spent = map { $_ => $to->{$_} - $from->{$_} } keys %$to;
    my $n = $spent{asked} / 2;

    @rss = sort { $a <=> $b } @rss;

    return {
        rate => $n / $spent{time}, cpu_ms => $spent{worker} / $n * 1e3,
        redis_ms => $spent{redis} / $n * 1e3, rss => $rss[$#rss / 2],
        peak_rss => $rss[-1],
        foreign => ($spent{busy} - $spent{worker} - $spent{redis}
                    - $spent{double} - $spent{self} + $spent{steal})
                   / $spent{time},
    };
}


sub snapshot
{
    my ($worker, $redis, $double, $asked) = @_;
    my ($busy, $steal) = Bench::Proc::machine();
    my ($user, $system) = times;

    return { time => time, asked => $asked, worker => $worker->cpu,
             redis => $redis->cpu, double => $double->cpu, busy => $busy,
             steal => $steal, self => $user + $system };
}


# Why a row does not count, or ''.
sub wrong
{
    my ($site, $server, $worker, $count, $row) = @_;
    my $kept = 0;
    my $end = time + 10;

    while ($kept != $count && time < $end) {
        sleep 0.05;
        $kept = $server->{ours} ? kept_by_us($site)
              : Bench::Proc::slurp($worker->{log}) =~ /^RESULT rows=(\d+)/m
              ? $1 : 0;
    }

    return $kept == $count ? '' : "$kept of $count kept";
}


# Replies that the record has as accepted by the Graph API.
sub kept_by_us
{
    my ($site) = @_;

    chomp(my $n = `sqlite3 -readonly '$site->{dir}/run/worker.db' "SELECT
        count(*) FROM messages WHERE outbound = 1 AND accepted_at > 0" 2>&1`);

    return $n =~ /^\d+$/ ? $n : 0;
}


1;
