# The disk is full, again and again, under load: what cannot be written stays
# in Redis and is answered when there is room, and nothing overtakes it.

use strict;
use warnings;

use Connext;
use Connext::Process qw(read_file);
use List::Util qw(min);
use Test::More;

# A limit of the size of files is a full disk for one process; it must not be
# a signal.
$SIG{XFSZ} = 'IGNORE';

my $cx = Connext->new(nginx => 1, worker => { 'worker.quiet_ms' => 0 })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub total {
    my %got = $cx->answers;
    my $n = 0;
    $n += @$_ for values %got;
    return $n;
}


# Each message of a flood is answered, in order within its conversation.
sub in_order {
    my ($word, $messages, $peers) = @_;

    my $wrong = sub {
        my %got = $cx->answers($word);
        return grep {
            my $peer = $_;
            my @want = map { $peer + $peers * $_ } 0 .. $messages / $peers - 1;
            "@{$got{16505550000 + $peer} || []}" ne "@want";
        } 0 .. $peers - 1;
    };
    $cx->wait_for(30, sub { !$wrong->() });
    is(join(' ', $wrong->()), '',
       'each message is answered, in order within each conversation');
    is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
              'nothing is held');
}


sub limit {
    my ($bytes) = @_;

    return system('prlimit', '--pid', $cx->pid('worker'), "--fsize=$bytes:");
}


my $flood = $cx->flood_start(count => 3600, peers => 60, rate => 400,
                             connections => 20, retry_ms => 200);
ok($cx->wait_for(20, sub { total() > 100 }), 'answers come');

# One that outlasts the lease, and short ones: of some batches only.
# Another server's disk is not ours to fill.
my @full = ($ENV{CONNEXT_STORE} // 'sqlite') eq 'sqlite' ? (3, (0.03) x 5)
                                                       : ();
for my $seconds (@full) {
    my $n = total();
    is(limit(4096), 0, 'the disk is full');
    select undef, undef, undef, $seconds / 2;
    my $half = total();
    select undef, undef, undef, $seconds / 2;
    is(total(), $half, 'nothing is answered that cannot be written')
        if $seconds > 1;
    is(limit('unlimited'), 0, "there is room again, after $seconds s");
    ok($cx->wait_for(20, sub { total() >= min(3600, $n + 50) }),
       'answers go on');
}

is($cx->flood_wait($flood)->{lost}, 0, 'every delivery got 200');
in_order('message', 3600, 60);
$cx->stop('worker');

# A disk that fails now and then.  One conversation is behind by many batches,
# so that there is always one with the store that could overtake.
is($cx->flood(count => 600, peers => 1, connections => 1, text => 'second',
              prefix => 'second')->{lost}, 0, 'every delivery got 200');
$cx->failpoint('take.run=fail:4')->start('worker2');
ok($cx->wait_for(10, sub {
       $cx->api_raw('worker2', 'GET', '/readyz')->{status} == 200;
   }), 'a worker whose store fails now and then');
in_order('second', 600, 1);
my $failed = () = read_file($cx->path('logs/worker2.log')) =~ /take\.failed/g;
cmp_ok($failed, '>', 4, "$failed batches could not be written");

$cx->finish;
done_testing();
