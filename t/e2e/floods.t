# A thousand messages of one customer cost a few calls of the model, and those
# of others are answered meanwhile.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery text_message);
use Test::More;

my $PATIENCE = $ENV{CONNEXT_VALGRIND} ? 10 : 1;
my $cx = Connext->new(worker => { 'worker.quiet_ms' => 100,
                                  'worker.quiet_cap_ms' => 300,
                                  'worker.flood_messages' => 20,
                                  'worker.flood_ms' => 4000 * $PATIENCE })
                ->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub calls {
    return $cx->double('GET', '/_/counts')->{models};
}


sub to {
    my ($customer) = @_;

    return grep { $_->{to} =~ /$customer$/ } $cx->ledger;
}


my $n = 0;
for my $batch (1 .. 40) {
    $cx->post(delivery(messages => [
        map { $n++; text_message(from => 16505558001, id => "wamid.flood$n",
                                 text => "line $n") } 1 .. 25]));
}
$cx->say(from => 16505558002, text => 'hello');
ok($cx->wait_for(3 * $PATIENCE, sub { to(16505558002) }),
   'somebody else is answered meanwhile');
ok($cx->wait_for(20 * $PATIENCE, sub {
       grep { $_->{text} =~ /line 1000\b/ } to(16505558001) }),
   'a thousand messages are answered');
cmp_ok(calls() - 1, '<=', 3, 'with a few calls: ' . (calls() - 1));

# What comes right behind it is held, too.
my $before = calls();
$cx->say(from => 16505558001, text => "more $_") for 1 .. 5;
ok($cx->wait_for(20 * $PATIENCE, sub {
       grep { $_->{text} =~ /more 5/ } to(16505558001) }),
   'what follows is answered');
is(calls() - $before, 1, '... at once');

my $waiting = $cx->api('GET', '/api/v1/status')->{waiting};
is($waiting->{turns}, 0, 'nothing is left');
$cx->finish;
done_testing();
