# kill -9 around a send, and no status ever comes: what cannot be proved is
# held for a person with the reason, and never sent twice.

use strict;
use warnings;

use Connext::Failpoints qw(failpoints kill_at);
use Test::More;

my $cx = Connext::Failpoints::new_scene('--statuses', 'none');
my @points = grep { /^(?:claim|wire|settle)/ } failpoints();
cmp_ok(scalar @points, '>=', 6, @points . ' failpoints around a send');

my $n = 0;
my $held_before = 0;
for my $point (@points) {
    my ($died, @customers) = kill_at($cx, $point, 1, ++$n);
    ok($died, "$point: the worker was killed there");

    $cx->start('worker');
    my ($sent, @held);
    $cx->wait_for(10, sub {
        $sent = Connext::Failpoints::account($cx, @customers);
        @held = @{$cx->api('GET', '/api/v1/messages?state=held')->{data}};
        my $waiting = $cx->api('GET',
                               '/api/v1/messages?state=ambiguous')->{data};
        my $ready = $cx->api('GET', '/api/v1/messages?state=ready')->{data};
        my $answered = grep { $_ > 0 } values %$sent;
        !@$waiting && !@$ready
            && $answered + @held - $held_before >= @customers;
    });

    my $held = @held - $held_before;
    $held_before = @held;
    is(scalar(grep { $_ > 1 } values %$sent), 0, "$point: none twice");
    cmp_ok($held + grep({ $_ > 0 } values %$sent), '>=', 3,
           "$point: each is answered or held ($held held)");
    is(scalar(grep { !length($_->{error}{text} // '') } @held), 0,
       "$point: with the reason");
    $cx->stop('worker');
}

cmp_ok($held_before, '>', 0, "$held_before are held for a person");
$cx->finish;
done_testing();
