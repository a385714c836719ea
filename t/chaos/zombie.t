# A worker that stands still (a paused machine, a cut cable) keeps its
# connection to Redis, and a blocked read on it, when another one has its
# partitions already.  What such a read swallows is answered all the same, and
# when the worker wakes up it does nothing twice.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(double => ['--statuses', 'sent'])
                ->start(qw(redis nginx double worker1 worker2));
$cx->set_up(provider => 'openai', no_knowledge => 1);


sub owned {
    my ($name) = @_;

    my $res = $cx->api_raw($name, 'GET', '/api/v1/status');
    my $p = Connext::Sample::json()->decode($res->{body})->{partitions};
    return ref $p ? $p->{owned} : $p;
}


sub answered {
    my ($word, $n, $seconds) = @_;

    return $cx->wait_for($seconds, sub {
        my @got = grep { $_->{text} =~ /\b$word\b/ } $cx->ledger;
        @got >= $n;
    });
}


ok($cx->wait_for(15, sub { owned('worker1') == 32 && owned('worker2') == 32 }),
   'each owns half of the partitions');

$cx->signal('worker2', 'STOP');
ok($cx->wait_for(15, sub { owned('worker1') == 64 }),
   'the other one owns all when one stands still');

$cx->say(from => 16505558000 + $_, text => 'one') for 1 .. 100;
ok(answered('one', 100, 25), 'everybody is answered')
    or diag(scalar(grep { $_->{text} =~ /one/ } $cx->ledger), ' of 100');

$cx->signal('worker2', 'CONT');
ok($cx->wait_for(15, sub { owned('worker1') == 32 && owned('worker2') == 32 }),
   'it wakes up and gets its share again');

$cx->say(from => 16505558000 + $_, text => 'two') for 1 .. 100;
ok(answered('two', 100, 25), 'everybody is answered again');

my (%times, %last);
my $disorder = 0;
for my $e ($cx->ledger) {
    my ($word) = $e->{text} =~ /(\w+)$/;
    $times{"$e->{to} $_"}++ for $e->{text} =~ /\b(one|two)\b/g;
    $disorder++ if $word eq 'one' && ($last{$e->{to}} // '') eq 'two';
    $last{$e->{to}} = $word;
}
is(scalar(grep { $_ > 1 } values %times), 0, 'nobody twice');
is($disorder, 0, 'in order');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');

$cx->finish;
done_testing();
