# Instagram: handshake, simulate, answer, statuses.

use strict;
use warnings;

use Connext;
use Connext::Page qw(installed);
use Test::More;

my ($cx, $page) = installed('instagram', double => ['--statuses', 'auto']);
my @simulate = ('simulate', 'instagram', '--channel', 'ig-main',
                '--from', $page->{peer});


sub sent { return grep { $_->{to} eq $page->{peer} } $cx->ledger }


sub state_of {
    my ($n) = @_;

    my @out = grep { $_->{direction} eq 'out' } $page->messages;
    return $out[$n] ? $out[$n]{state} : 'none';
}


my ($rc, $out) = $cx->ctl(@simulate, '--verify-token-file',
                          $cx->path('verify_token'));
is($rc, 0, "the handshake: $out");

my $secret = $cx->path('app_secret');
($rc, $out) = $cx->ctl(@simulate, '--secret-file', $secret, '--wait',
                       'reply', '--text', 'When is check-out?');
is($rc, 0, 'simulate: answered') or diag($out);
like($out, qr/11:00/, '... from the knowledge file');

my ($answer) = sent();
is($answer->{account}, $page->{account}, 'sent by the account');
like($answer->{intent}, qr/^cx1\.ms_/, '... with its intent as metadata');

my ($graph) = @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
like($graph->{path}, qr{^/instagram/v24\.0/$page->{account}/messages$},
     'to the address of the channel');

ok($cx->wait_for(10, sub { state_of(0) eq 'read' }),
   'read: by the id of the message') or diag(state_of(0));

# --- Instagram's own ---------------------------------------------------------

my $before = sent();
$page->event({ message => { mid => 'mid.story', text => 'Is there parking?',
    reply_to => { story => { id => '1', url => 'https://x.example/' } } } });
ok($cx->wait_for(10, sub { sent() > $before }),
   'the answer to a story is a question');
like((sent())[-1]{text}, qr/free/, '... like any other');

($rc, $out) = $cx->ctl(@simulate, '--secret-file', $secret, '--type',
                       'echo');
is($rc, 0, 'somebody answers in the app');
is(scalar(sent()), $before + 1, '... and is not answered');

$cx->finish;
done_testing();
