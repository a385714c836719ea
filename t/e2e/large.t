# A delivery of 1,000 mixed updates, and one of 3 MB, are ordinary requests.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery status text_message);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx));
my @messages = map { text_message(from => 16505550000 + $_ % 50,
                                  id => "wamid.large$_", text => "n $_") }
               1 .. 500;
my @statuses = map { status(to => 16505550000 + $_ % 50, id => "wamid.out$_",
                            status => ('sent', 'delivered', 'read')[$_ % 3]) }
               1 .. 500;

my $res = $cx->post(delivery(messages => \@messages,
                             statuses => \@statuses));
is($res->{status}, 200, '1,000 updates in one request: 200');
is($cx->count('in'), 500, 'all messages are there');
is($cx->count('st'), 500, 'all statuses are there');

# Order within a conversation is the order of the array.
my %last;
my $disorder = 0;
for my $e ($cx->events('in')) {
    my ($n) = $e->{id} =~ /(\d+)$/;
    $disorder++ if $n < ($last{$e->{peer}} // 0);
    $last{$e->{peer}} = $n;
}
is($disorder, 0, 'in order within each conversation');

my $text = 'a' x 4000;
my $big = delivery(messages => [
    map { text_message(from => 16505550000 + $_, id => "wamid.big$_",
                       text => $text) } 1 .. 740]);
cmp_ok(length $big, '>', 3_000_000, 'a delivery of ' . length($big)
                                    . ' bytes');
is($cx->post($big)->{status}, 200, 'is answered with 200');
is($cx->count('in'), 1240, 'and all of it is there');

is($cx->post($big)->{status}, 200, 'again: 200');
is($cx->count('in'), 1240, 'and nothing twice');

# Many such at once do not leave the worker fat.
my $before = $cx->rss;
$cx->post($big) for 1 .. 10;
SKIP: {
    skip 'sanitizers keep memory', 1 if Connext::Process::slow() > 1;
    cmp_ok($cx->rss - $before, '<', 8192, 'memory comes back');
}

is($cx->quarantined, 0, 'nothing in quarantine');
$cx->finish;
done_testing();
