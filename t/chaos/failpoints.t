# kill -9 at every failpoint, then a new worker.  The provider's statuses
# come, so that what was sent can be proved: each message is answered,
# exactly once.

use strict;
use warnings;

use Connext::Failpoints qw(failpoints kill_at);
use Test::More;

my $cx = Connext::Failpoints::new_scene('--statuses', 'sent');
my @points = failpoints();
cmp_ok(scalar @points, '>=', 16, @points . ' failpoints');

# A commit happens many times: the first ones are leases, later ones work.
my @runs;
for my $point (@points) {
    push @runs, map { [$point, $_] } $point =~ /^commit/ ? (2, 5, 9) : (1);
}

my $n = 0;
for my $run (@runs) {
    my ($point, $nth) = @$run;
    my ($died, @customers) = kill_at($cx, $point, $nth, ++$n);
    ok($died, "$point:$nth: the worker was killed there");

    $cx->start('worker');
    my $sent;
    $cx->wait_for(10, sub {
        $sent = Connext::Failpoints::account($cx, @customers);
        !grep { $_ == 0 } values %$sent;
    });
    is_deeply([map { $sent->{$_} } @customers], [1, 1, 1],
              "$point:$nth: each is answered, none twice");
    $cx->stop('worker');
}

$cx->start('worker');
my $open;
$cx->wait_for(5, sub {
    $open = $cx->api('GET', '/api/v1/messages?state=ambiguous')->{data};
    !@$open;
});
is_deeply($open, [], 'nothing is unproved in the end');
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'nothing is held');

$cx->finish;
done_testing();
