# Twenty reloads under load: whatever got 200 is in the streams.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new(nginx => 2)->start(qw(redis nginx));
my $flood = $cx->flood_start(count => 1_000_000, seconds => 12, rate => 2500,
                             connections => 32, peers => 400, dup => 5);

my $reloads = 0;
for (1 .. 20) {
    my %old = map { $_ => 1 } $cx->nginx_workers;
    $cx->signal('nginx', 'HUP');
    $reloads++ if $cx->wait_for(5, sub {
        my @now = $cx->nginx_workers;
        grep { !$old{$_} } @now;
    });
    select undef, undef, undef, 0.3;
}
is($reloads, 20, 'nginx reloaded 20 times');

my $f = $cx->flood_wait($flood);
my %ok = map { $_->[0] => 1 } grep { $_->[1] == 200 } @{$f->{answers}};
my %other = map { $_->[1] => 1 } grep { $_->[1] != 200 } @{$f->{answers}};
cmp_ok(scalar(keys %ok), '>', 5000, keys(%ok) . ' deliveries got 200');
delete $other{0};              # a connection that an old worker closed
is_deeply([keys %other], [], 'none was refused');

my %seen = %{$cx->ids('in')};
is_deeply([grep { !$seen{"wamid.flood-$_"} } keys %ok], [],
          'everything that got 200 is in the streams');
is_deeply([grep { $seen{$_} > 1 } keys %seen], [], 'nothing is there twice');

ok($cx->wait_for(10, sub { $cx->nginx_workers == 2 }),
   'the old workers are gone');
$cx->finish;
done_testing();
