# A customer who never pauses, and a model that thinks longer than he pauses:
# the first reply waits for the cap and one answer of the model, no longer, and
# every message is in exactly one reply, in order.

use strict;
use warnings;

use Connext;
use Test::More;
use Time::HiRes qw(sleep time);

my ($quiet, $cap, $think) = (600, 1500, 1400);
my $cx = Connext->new(worker => { 'worker.quiet_ms' => $quiet,
                                  'worker.quiet_cap_ms' => $cap })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);
$cx->script({ match => { kind => 'model' }, times => -1,
              do => { delay_ms => $think } });

my ($said, @said_at) = (0);
my $start = time;
while (time - $start < 7) {
    push @said_at, time;
    $cx->say(from => 16505552009, text => 'n' . ++$said . '.');
    sleep 0.3;
}

my @sent;
ok($cx->wait_for(30, sub {
       @sent = $cx->ledger;
       my @got = map { $_->{text} =~ /n(\d+)\./g } @sent;
       @got >= $said;
   }), 'all is answered');

my @covered = map { [$_->{text} =~ /n(\d+)\./g] } @sent;
is_deeply([map { @$_ } @covered], [1 .. $said],
          'every message is in one reply, in order');
cmp_ok(scalar @sent, '>=', 3, 'he is answered while he writes: ' . @sent);
cmp_ok($sent[0]{at_ms}, '<', 1000 * $said_at[-1], 'before he has finished');

# By how much each reply is later than cap and one answer of the model; a
# second of that is the machine's.
my @late = map { $sent[$_]{at_ms} - 1000 * $said_at[$covered[$_][0] - 1]
                 - $cap - $think } 0 .. $#sent;
cmp_ok($late[0], '<', 1000, 'the first is there in time');

# What comes while the model thinks waits for that answer, too.
is_deeply([grep { $_ > $think + 1000 } @late], [], 'so are the others');

my $models = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
cmp_ok($models, '<=', @sent + 1, 'the model was not asked in vain');

$cx->finish;
done_testing();
