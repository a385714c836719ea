# An answer is paid for once: when the record fails, the model is not asked
# again; when the worker dies again and again, somebody looks.

use strict;
use warnings;

use Connext;
use Test::More;

my $cx = Connext->new->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);
$cx->stop('worker');


sub asked {
    my ($text) = @_;

    return grep { $_->{body}{messages}[-1]{content} =~ /$text/ }
           @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
}


sub sent_to {
    my ($to) = @_;

    return grep { $_->{to} =~ /$to$/ } $cx->ledger;
}


# --- the record fails --------------------------------------------------------

my @customers = map { 16505558100 + $_ } 1 .. 6;
$cx->say(from => $_, text => "once $_") for @customers;
$cx->failpoint('plan.run=fail:2')->start('worker');
ok($cx->wait_for(20, sub { $cx->ledger == @customers }), 'all get an answer');
ok($cx->logs =~ /plan\.failed/, '... though plans failed');
is(scalar asked('once'), scalar @customers, '... and each was asked once');
$cx->stop('worker');

# --- the worker dies ---------------------------------------------------------

$cx->say(from => 16505558200, text => 'deadly');

for my $n (1 .. 5) {
    $cx->failpoint('plan.before=kill:1')->start('worker');
    $cx->wait_for(20, sub { $cx->gone('worker') }) or last;
}

$cx->kill9('worker') if $cx->{pid}{worker};
$cx->start('worker');
ok($cx->wait_for(20, sub { sent_to(8200) }), 'a turn that kills comes to an end');
is((sent_to(8200))[0]{text}, 'I will ask a colleague.', '... with a person');
cmp_ok(scalar asked('deadly'), '<=', 4, '... and is not paid for without end');

$cx->finish;
done_testing();
