# Messenger: handshake, simulate, answer, statuses; whose echo it is.

use strict;
use warnings;

use Connext;
use Connext::Page qw(installed);
use Test::More;

my ($cx, $page) = installed('messenger',
                            double => ['--statuses', 'sent,delivered'],
                            worker => { 'worker.reconcile_ms' => 8000 });
my @simulate = ('simulate', 'messenger', '--channel', 'fb-main');


sub sent { return grep { $_->{to} eq $page->{peer} } $cx->ledger }


sub state_of {
    my ($n) = @_;

    my @out = grep { $_->{direction} eq 'out' } $page->messages;
    return $out[$n] ? $out[$n]{state} : 'none';
}


my ($rc, $out) = $cx->ctl(@simulate, '--verify-token-file',
                          $cx->path('verify_token'));
is($rc, 0, "the handshake: $out");

($rc, $out) = $cx->ctl(@simulate, '--verify-token-file',
                       $cx->path('app_secret'));
is($rc, 1, '... not with another token');

($rc, $out) = $cx->ctl(@simulate, '--secret-file', $cx->path('app_secret'),
                       '--text', 'When is check-out?', '--wait', 'reply');
is($rc, 0, 'simulate: answered') or diag($out);
like($out, qr/11:00/, '... from the knowledge file');

my ($answer) = sent();
is($answer->{account}, $page->{account}, 'sent by the page');
is($answer->{kind}, 'text', '... as text');
like($answer->{intent}, qr/^cx1\.ms_/, '... with its intent as metadata');

my ($graph) = @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
is($graph->{authorization}, "Bearer $Connext::SECRET{access_token}",
   'with the token of the channel');
is($graph->{body}{messaging_type}, 'RESPONSE', 'inside the window');
is($graph->{body}{tag}, undef, '... without a tag');

ok($cx->wait_for(10, sub { state_of(0) eq 'delivered' }),
   'delivered: by the id of the message');
$cx->double('POST', '/_/statuses', { statuses => ['read'] });
ok($cx->wait_for(10, sub { state_of(0) eq 'read' }),
   'read: by the time until when all was read') or diag(state_of(0));

my @m = $page->messages;
is(scalar(grep { $_->{direction} eq 'out' } @m), 1,
   'the echo of our own message is no other message');

# --- a lost answer -----------------------------------------------------------

my $sure = sent();
$cx->script({ match => { kind => 'graph' }, times => 1,
              do => { act => 'accept_then_close', statuses => [] } });
$page->say('Is there parking?');
ok($cx->wait_for(10, sub { state_of(-1) eq 'ambiguous' }),
   'the answer to a send is lost: ambiguous') or diag(state_of(-1));
$cx->double('POST', '/_/statuses', { statuses => ['sent'],
                                     wamid => (sent())[-1]{wamid} });
ok($cx->wait_for(10, sub { state_of(-1) eq 'sent' }),
   '... until its echo comes') or diag(state_of(-1));
is(scalar(sent()), $sure + 1, '... and it is not repeated');

# --- what is no question -----------------------------------------------------

my $before = sent();
is($page->event({ reaction => { mid => $answer->{wamid}, action => 'react',
                                reaction => 'love', emoji => "x" } })
     ->{status}, 200, 'a reaction');
is($page->event({ referral => { ref => 'promo1', source => 'ADS' } })
     ->{status}, 200, 'a referral');
is($page->event({ message => { mid => 'mid.gone', is_deleted => \1 } })
     ->{status}, 200, 'a message that was taken back');
is($page->event({ pass_thread_control => { new_owner_app_id => '1' } })
     ->{status}, 200, 'a thread handed over');
is($page->post(Connext::Sample::json()->encode({ object => 'page', entry => [
     { id => $page->{account}, time => 1, standby => [{}] }] }))->{status},
   200, 'what another app is to answer');

is($page->say('Is there parking?')->{status}, 200, 'and a question');
ok($cx->wait_for(10, sub { sent() > $before }), 'is answered');
is(scalar(sent()), $before + 1, '... it alone');

# A postback and a quick reply are questions.
$page->event({ postback => { mid => 'mid.pb', title => 'When is check-in?',
                             payload => 'CHECKIN' } });
ok($cx->wait_for(10, sub { (sent())[-1]{text} =~ /15:00/ }),
   'a button is answered by what it says');

# Repeated: answered once.
$page->say('When is check-out?', mid => 'mid.twice') for 1 .. 3;
ok($cx->wait_for(10, sub { (sent())[-1]{text} =~ /11:00/ }), 'a repeat');
$page->say('Is there parking?', mid => 'mid.after');
ok($cx->wait_for(10, sub { (sent())[-1]{text} =~ /free/ }),
   '... and the next');
is(scalar(sent()), $before + 4, '... is answered once');

# --- errors ------------------------------------------------------------------

$cx->script({ match => { kind => 'graph' }, times => 1,
              do => { code => 551 } });
$page->say('When is check-in?');
ok($cx->wait_for(10, sub { state_of(-1) eq 'failed' }),
   'a person who cannot be reached: failed') or diag(state_of(-1));
($rc, $out) = $cx->ctl('simulate', 'messenger', '--channel', 'fb-main',
                       '--bad-signature', '--text', 'x');
is($rc, 0, 'a wrong signature is refused');

$cx->finish;
done_testing();
