# kill -9 around a send, and no status ever comes: what cannot be proved is
# held for a person, and never sent twice; a person has the last word.

use strict;
use warnings;

use Connext::Failpoints qw(failpoints kill_at);
use Test::More;

my $cx = Connext::Failpoints::new_scene('--statuses', 'none');

# What the provider took, and what is held.
my %after = (
    'claim.before'  => qr/^1$/,
    'claim.after'   => qr/^held$/,
    'wire.before'   => qr/^held$/,
    'wire.started'  => qr/^1?held$/,
    'wire.after'    => qr/^1held$/,
    'settle.before' => qr/^1held$/,
    'settle.after'  => qr/^1$/,
);

is_deeply([sort keys %after],
          [grep { /^(?:claim|wire|settle)/ } failpoints()],
          'these are the failpoints around a send');

my $n = 0;
my $held = 0;
for my $point (sort keys %after) {
    my ($died, @customers) = kill_at($cx, $point, 1, ++$n, 1);
    ok($died, "$point: the worker was killed there");

    $cx->start('worker');
    my $got = Connext::Failpoints::verdict($cx, @customers);
    like($got, $after{$point}, "$point: answered or held, never twice");
    $held += () = $got =~ /held/g;
    $cx->stop('worker');
}

$cx->start('worker');
my @held = @{$cx->api('GET', '/api/v1/messages?state=held')->{data}};
is(scalar @held, $held, "$held are held");

my $before = () = $cx->ledger;
$cx->api('POST', "/api/v1/messages/$_->{id}/cancel") for @held;
is_deeply($cx->api('GET', '/api/v1/messages?state=held')->{data}, [],
          'a person lets them go');
my $after = () = $cx->ledger;
is($after, $before, 'and nothing is sent');

$cx->finish;
done_testing();
