# Three workers, a thousand conversations of ten messages, and every five
# seconds one of the workers is killed: each message is answered, in order
# within its conversation, none twice by the provider's ledger.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(time);

my ($PEERS, $EACH, $RATE, $PAUSE) = (1000, 10, 150, 5);
# The seed is printed; CONNEXT_SEED repeats a run.
my $seed = $ENV{CONNEXT_SEED} || int rand 1e9;
srand $seed;
diag("seed $seed");

my @workers = qw(worker1 worker2 worker3);
my $cx = Connext->new(nginx => 2, double => ['--statuses', 'sent'],
                      worker => { 'worker.quiet_ms' => 0,
                                  'worker.reconcile_ms' => 4000 })
                ->start(qw(redis nginx double), @workers);
$cx->set_up(provider => 'openai', no_knowledge => 1);
ok($cx->wait_for(20, sub { !grep { $cx->owned($_) < 20 } @workers }),
   'three workers share the partitions');

# So that there is always much under way: whoever is killed leaves some of it.
$cx->script({ match => { kind => 'model' }, times => -1,
              do => { delay_ms => 100 } },
            { match => { kind => 'graph' }, times => -1,
              do => { act => 'ok', delay_ms => 200 } });

my $flood = $cx->flood_start(count => $PEERS * $EACH, peers => $PEERS,
                             connections => 40, rate => $RATE,
                             retry_ms => 200);


# --- kills -------------------------------------------------------------------

my ($end, $kills) = (time + $PEERS * $EACH / $RATE, 0);

while (time + $PAUSE < $end) {
    select undef, undef, undef, $PAUSE;
    my $name = $workers[rand @workers];
    $cx->kill9($name);
    $kills++;
    $cx->start($name);
}

is($cx->flood_wait($flood)->{lost}, 0, 'every delivery got 200');
cmp_ok($kills, '>=', 5, "$kills times a worker was killed");


# --- what became of them -----------------------------------------------------

# The killed ones had sends on record that may never have left: such a reply
# is held for a person, with the reason, and never sent blindly.
sub held { return @{$cx->api('GET', '/api/v1/messages?state=held')->{data}} }


sub numbers { return map { $_->{text} =~ /message (\d+)/g } @_ }


my (%got, @held);
$cx->wait_for(60, sub {
    @held = held();
    %got = $cx->answers;
    my %seen = map { $_ => 1 } numbers(@held), map { @$_ } values %got;
    keys %seen >= $PEERS * $EACH;
});

my %doubt = map { $_ => 1 } numbers(@held);
my (@missing, @disorder, @twice);
for my $peer (0 .. $PEERS - 1) {
    my @have = @{$got{16505550000 + $peer} || []};
    my %n;
    $n{$_}++ for @have;
    push @missing, grep { !$n{$_} && !$doubt{$_} }
                   map { $peer + $PEERS * $_ } 0 .. $EACH - 1;
    push @twice, grep { $n{$_} > 1 } keys %n;
    push @disorder, "$peer: @have\n"
        if "@have" ne join ' ', sort { $a <=> $b } @have;
}

is("@missing", '', 'each message is answered, or its answer is held');
is("@disorder", '', 'in order within each conversation');
is("@twice", '', 'none twice');

# What is known to have arrived is not held.
is(scalar(grep { my $n = $_; grep { $_ eq $n } map { @$_ } values %got }
          keys %doubt), 0, 'nothing is held that was sent');
is(scalar(grep { !length($_->{error}{text} // '') } @held), 0,
   scalar(@held) . ' are held, and say why');
cmp_ok(scalar(@held), '<=', 8 * $kills, 'a few for each kill');

# A person looks at them: now all are answered.
$cx->api('POST', "/api/v1/messages/$_->{id}/resend") for @held;
ok($cx->wait_for(20, sub {
    %got = $cx->answers;
    my $n = 0;
    $n += @$_ for values %got;
    $n == $PEERS * $EACH;
}), 'let go by a person they are sent: all are answered, once');

is_deeply($cx->api('GET', '/api/v1/dead-letters')->{data}, [],
          'nothing is dead');
is_deeply($cx->api('GET', '/api/v1/reviews')->{data}, [],
          'nothing waits for a person');
ok($cx->wait_for(10, sub { $cx->count('in') == 0 }), 'no entry is left');

$cx->finish;
done_testing();
