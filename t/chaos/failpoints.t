# kill -9 at every failpoint, then a new worker: each message is answered, none
# twice by the provider's ledger.  Where the worker died between the intent and
# the answer of a send, and no status proves it, the message is held for a
# person instead, with the reason.

use strict;
use warnings;

use Connext::Failpoints qw(failpoints kill_at);
use Test::More;

my $cx = Connext::Failpoints::new_scene('--statuses', 'sent');
my @points = failpoints();
cmp_ok(scalar @points, '>=', 16, @points . ' failpoints');

# Up to the intent nothing is in doubt.  After it nothing left us (held: who
# would know?), or it did and the status proves it.
# The first part's intent goes on record together with the plan.
my %after = (
    'plan.after'   => qr/^held$/,
    'claim.after'  => qr/^held$/,
    'wire.before'  => qr/^held$/,
    'wire.started' => qr/^(?:1|held)$/,
    'wire.after'   => qr/^1$/,
    'settle.before' => qr/^1$/,
    'settle.after' => qr/^1$/,
);

# A commit happens many times: the first ones are leases, later ones work.
my @runs;
for my $point (@points) {
    push @runs, map { [$point, $_] } $point =~ /^commit/ ? (2, 5, 9) : (1);
}

my $n = 0;
my $held = 0;
for my $run (@runs) {
    my ($point, $nth) = @$run;
    my ($died, @customers) = kill_at($cx, $point, $nth, ++$n,
                                     $after{$point} ? 1 : 3);
    ok($died, "$point:$nth: the worker was killed there");

    $cx->start('worker');
    my $got = Connext::Failpoints::verdict($cx, @customers);
    my $want = $after{$point}
               // ($point =~ /^commit/ ? qr/^(?:1|held)(?: (?:1|held)){2}$/
                                       : qr/^1 1 1$/);
    like($got, $want, "$point:$nth: each is answered or held, none twice");
    $held += () = $got =~ /held/g;
    $cx->stop('worker');
}

$cx->start('worker');
is_deeply($cx->api('GET', '/api/v1/messages?state=ambiguous')->{data}, [],
          'nothing is in doubt in the end');
is(scalar @{$cx->api('GET', '/api/v1/messages?state=held')->{data}}, $held,
   "the held ones ($held) are listed");
is_deeply($cx->api('GET', '/api/v1/dead-letters')->{data}, [],
          'nothing is dead');

$cx->finish;
done_testing();
