# Connections of workers to Redis break under load: what a read brought that
# nobody got is read again, in its place.

use strict;
use warnings;

use Connext;
use Test::More;

my ($MESSAGES, $PEERS) = (2400, 60);
my $cx = Connext->new(nginx => 1, worker => { 'worker.quiet_ms' => 0 })
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);
ok($cx->wait_for(15, sub { $cx->owned('worker1') == 32
                           && $cx->owned('worker2') == 32 }), 'two workers');

my $flood = $cx->flood_start(count => $MESSAGES, peers => $PEERS,
                             connections => 20, rate => 400, retry_ms => 200);


# Those whose last command was such a one; the edge sends other ones.
sub cut {
    my ($command) = @_;

    my @ids = $cx->redis('CLIENT', 'LIST')
              =~ /^id=(\d+) .* cmd=$command\b/mg;
    return scalar grep {
        eval { $cx->redis('CLIENT', 'KILL', 'ID', $_) };
    } @ids;
}


sub total {
    my %got = $cx->answers;
    my $n = 0;
    $n += @$_ for values %got;
    return $n;
}


for my $part (1 .. 4) {
    ok($cx->wait_for(20, sub { total() > $part * $MESSAGES / 6 }),
       'answers come');
    ok($cx->wait_for(10, sub {
           cut($part <= 2 ? 'xreadgroup' : '(?:x\w+|client)');
       }), $part <= 2 ? 'those that read are cut' : 'all of them are cut');
}

is($cx->flood_wait($flood)->{lost}, 0, 'every delivery got 200');
ok($cx->wait_for(30, sub { total() >= $MESSAGES }), 'all are answered');

my %got = $cx->answers;
my @wrong;
for my $peer (0 .. $PEERS - 1) {
    my @want = map { $peer + $PEERS * $_ } 0 .. $MESSAGES / $PEERS - 1;
    my $have = "@{$got{16505550000 + $peer} || []}";
    push @wrong, "$peer: $have\n" if $have ne "@want";
}
is("@wrong", '', 'each message once, in order within each conversation');

# What is not answered was taken at least, unless the queue is to blame.
ok($cx->wait_for(10, sub { $cx->count('in') == 0 }), 'no entry is left');
is_deeply($cx->api('GET', '/api/v1/reviews')->{data}, [],
          'nothing waits for a person: the model was in time');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held: the provider was in time');

$cx->finish;
done_testing();
