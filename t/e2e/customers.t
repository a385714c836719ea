# One customer on two channels: known as one, with one history, answered where
# they wrote; merged and split by a person.

use strict;
use warnings;

use Connext;
use Connext::Twilio qw(inbound twilio);
use Test::More;

my $cx = twilio()->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1);
Connext::Twilio::channel($cx, settings => { reconcile => 'off' });

my ($digits, $stranger) = ('16505554001', '16505554002');


sub sent_by {
    my ($account, $to, $n) = @_;

    my @sent;
    $cx->wait_for(15, sub {
        @sent = grep { $_->{to} =~ /\Q$to\E$/
                       && ($_->{account} =~ /^\+/) == ($account eq 'sms') }
                $cx->ledger;
        @sent >= $n;
    });
    return @sent;
}


sub customers { return @{$cx->api('GET', '/api/v1/customers')->{data}} }


# The newest prompt: its system message, then what was said.
sub prompt {
    my ($asked) = @{$cx->double('GET', '/_/requests?kind=model')->{requests}}[-1];
    my ($system, @said) = map { $_->{content} } @{$asked->{body}{messages}};
    return ($system, @said);
}


sub sms {
    my ($from, $text) = @_;

    is(Connext::Twilio::post($cx, inbound(from => "+$from",
                                          text => $text))->{status},
       200, "by SMS: $text");
}


sub ctl_id {
    my ($code, $out) = $cx->ctl('-q', @_);
    is($code, 0, "connextctl @_[0, 1]") or diag($out);
    chomp $out;
    return $out;
}


# --- the same number ---------------------------------------------------------

$cx->say(from => $digits, text => 'My order is 4711');
is(scalar sent_by('wa', $digits, 1), 1, 'answered on WhatsApp');
is((prompt())[1], 'My order is 4711', 'nothing was said before');

sms($digits, 'Where is it?');
my @sms = sent_by('sms', $digits, 1);
is($sms[0]{text}, 'echo: Where is it?', 'answered by SMS');
is(scalar sent_by('wa', $digits, 1), 1, '... and nowhere else');

my ($system, @said) = prompt();
is_deeply(\@said, ['[via wa-main] My order is 4711',
                   '[via wa-main] echo: My order is 4711', 'Where is it?'],
          'the model knows what was said on WhatsApp');
like($system, qr/\[via \.\.\.\]/, 'and what the mark means');

$cx->say(from => $digits, text => 'And the bill?');
is(scalar sent_by('wa', $digits, 2), 2, 'WhatsApp is answered on WhatsApp');
is_deeply([(prompt())[1 .. 5]],
          ['My order is 4711', 'echo: My order is 4711',
           '[via tw-main] Where is it?', '[via tw-main] echo: Where is it?',
           'And the bill?'], 'one history, in order');

my ($one, @more) = customers();
is(scalar @more, 0, 'they are one customer');
my $show = $cx->api('GET', "/api/v1/customers/$one->{id}");
is_deeply([map { $_->{kind} } @{$show->{links}}], ['phone'], 'by the number');
is_deeply([map { $_->{address_masked} } @{$show->{identities}}],
          [("+1 \x{2022}\x{2022}\x{2022} \x{2022}\x{2022}\x{2022} 4001") x 2],
          'two addresses, masked');
is_deeply([sort map { $_->{channel} } @{$show->{conversations}}],
          [qw(tw-main wa-main)], 'and two conversations');

# --- by a person -------------------------------------------------------------

sms($stranger, 'Hello');
sent_by('sms', $stranger, 1);
my ($other) = grep { $_->{id} ne $one->{id} } customers();
ok($other, 'a stranger is another customer');

my $link = ctl_id('customers', 'merge', $one->{id}, '--with', $other->{id});
like($link, qr/^ln_/, 'a person says they are one');
is(scalar(() = customers()), 1, '... and they are');
sms($stranger, 'Now then?');
sent_by('sms', $stranger, 2);
is(scalar(grep { /4711/ } prompt()), 2, 'the model knows of both');

my $messages = ctl_id('customers', 'messages', $other->{id});
is(scalar(() = $messages =~ /^ms_.*4711/mg), 2, 'so does the command line');

ctl_id('customers', 'split', $one->{id}, '--link', $link);
is(scalar(() = customers()), 2, 'undone');
sms($stranger, 'And now?');
sent_by('sms', $stranger, 3);
is(scalar(grep { /4711/ } prompt()), 0, 'the model knows nothing of it');

ctl_id('customers', 'split', $one->{id});
is(scalar(() = customers()), 3, 'split: the number joins no more');
sms($digits, 'Still me');
sent_by('sms', $digits, 2);
is(scalar(() = customers()), 3, '... also when it writes again');
is(scalar(grep { /4711/ } prompt()), 0, '... and has its own history');

is(scalar sent_by('wa', $digits, 2), 2, 'nobody was answered elsewhere');
is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
