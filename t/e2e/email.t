# E-mail end to end: by each provider a question becomes an answer in its
# thread; what servers say of it; who gets no answer; what a mail server can
# do to us.

use strict;
use warnings;

use Connext;
use Connext::Email qw(email account simulate mails field @PROVIDERS);
use Test::More;

my $cx = email()->start(qw(redis nginx double worker));
$cx->set_up;
Connext::Email::channels($cx, from_name => 'Casa do Mar');


# The messages of the conversation in which somebody wrote that.
sub messages {
    my ($text) = @_;

    for my $c (@{$cx->api('GET', '/api/v1/conversations?limit=100')->{data}}) {
        my @m = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                     ->{data}};
        return @m if grep { $_->{text} =~ /\Q$text\E/ } @m;
    }

    return;
}


sub state_of {
    my ($mail) = @_;

    my ($id) = $mail->{intent} =~ /^cx1\.(ms_[0-9A-Z]{13})\./;
    return $cx->api('GET', "/api/v1/messages/$id")->{state};
}


sub ok_sim {
    my ($what, $type, @flags) = @_;

    my ($rc, $out) = simulate($cx, $type, @flags);
    is($rc, 0, "$type: $what") or diag $out;
    return $out;
}


# --- each provider -----------------------------------------------------------

for my $type (@PROVIDERS) {
    my $ana = "ana-$type\@example.com";

    ok_sim('a question', $type, '--from', $ana, '--text',
           'When is check-out?');
    my ($mail) = mails($cx, $ana, 1);
    like($mail->{text}, qr/until 11:00/, "$type: the answer, from knowledge");
    is($mail->{account}, account($type), '... from our address');
    is(field($mail, 'From'), '"Casa do Mar" <' . account($type) . '>',
       '... with our name');
    like($mail->{intent}, qr/^cx1\.ms_[0-9A-Z]{13}\.$type\@desk\.example$/,
         '... its id carries the intent and the account');
    is(field($mail, 'Subject'), 'Re: Your booking', '... in the thread');
    like(field($mail, 'In-Reply-To'), qr/^<.+\@example\.com>$/,
         '... by the id it answers');
    is(field($mail, 'References'), field($mail, 'In-Reply-To'),
       '... and its references');
    is(field($mail, 'Auto-Submitted'), 'auto-replied', '... says who wrote');
    ok($cx->wait_for(10, sub { state_of($mail) eq 'accepted' }),
       "$type: accepted");

    ok_sim('delivered', $type, '--status', 'delivered', '--of',
           "<$mail->{intent}>", '--from', $ana);
    ok($cx->wait_for(10, sub { state_of($mail) eq 'delivered' }),
       "$type: the status is recorded");
    ok_sim('read', $type, '--status', 'read', '--of', "<$mail->{intent}>",
           '--from', $ana);
    ok($cx->wait_for(10, sub { state_of($mail) eq 'read' }), "$type: read");

    # The customer answers our answer, quoting.
    ok_sim('a reply', $type, '--from', $ana, '--type', 'reply', '--text',
           'Is there parking?', '--of', "<$mail->{intent}>");
    my (undef, $second) = mails($cx, $ana, 2);
    like($second->{text}, qr/Parking is free/, "$type: the quoted rest is "
         . 'no question');
    like(field($second, 'References'),
         qr/^<\Q$mail->{intent}\E> <.+\@example\.com>$/,
         '... references grow');

    ok_sim('bounced by the provider', $type, '--status', 'failed', '--of',
           "<$second->{intent}>", '--from', $ana);
    ok($cx->wait_for(10, sub { state_of($second) eq 'failed' }),
       "$type: failed");
}

# --- who gets no answer ------------------------------------------------------

for my $type (@PROVIDERS) {
    my $bob = "bob-$type\@example.com";
    my $before = () = $cx->ledger;

    ok_sim('an autoresponder', $type, '--from', $bob, '--type', 'auto');
    ok_sim('a list', $type, '--from', "list-$type\@example.com", '--type',
           'list');
    ok_sim('somebody', $type, '--from', "carl-$type\@example.com", '--text',
           'When is check-in?');
    is(scalar(mails($cx, "carl-$type\@example.com", 1)), 1,
       "$type: a person gets an answer");
    is(scalar(grep { $_->{to} =~ /^(?:bob|list)-$type/ } $cx->ledger), 0,
       "$type: programs get none");
    is(scalar(() = $cx->ledger) - $before, 1, '... one answer in all');

    my ($mail) = mails($cx, "carl-$type\@example.com", 1);
    ok_sim('a bounce by mail', $type, '--type', 'bounce', '--of',
           "<$mail->{intent}>");
    ok($cx->wait_for(10, sub { state_of($mail) eq 'failed' }),
       "$type: a returned mail is failed");
}

my @all = grep { ($_->{account} // '') =~ /desk\.example/ } $cx->ledger;
is(scalar(grep { $_->{to} =~ /MAILER-DAEMON/i } @all), 0,
   'no answer to a bounce');

# Two of our kind: each takes the other's answer for what it is.
my ($first) = grep { $_->{to} eq 'ana-mailgun@example.com' } $cx->ledger;
my $before = () = $cx->ledger;
my ($rc, $out) = simulate($cx, 'postmark', '--file', do {
    my $doc = Connext::Sample::json()->encode({
        From => account('mailgun'), OriginalRecipient => account('postmark'),
        Subject => field($first, 'Subject'), MessageID => 'loop-1',
        TextBody => 'Check-out is until 11:00. When is check-in?',
        Headers => [map { { Name => $_, Value => field($first, $_) } }
                    qw(Message-ID Auto-Submitted)] });
    Connext::Process::write_file($cx->path('loop.json'), $doc);
    $cx->path('loop.json') });
is($rc, 0, 'our own kind writes') or diag $out;
ok_sim('somebody else', 'postmark', '--from', 'dora@example.com', '--text',
       'When is check-in?');
mails($cx, 'dora@example.com', 1);
is(scalar(() = $cx->ledger) - $before, 1, 'two autoresponders stop at once');

# One that says nothing of being a machine is stopped by the pair's rate.
for my $n (1 .. 15) {
    ok_sim("round $n", 'mailgun', '--from', 'robot@example.com', '--text',
           'Is there parking?');
    last if mails($cx, 'robot@example.com', $n) < $n;
}
is(scalar(mails($cx, 'robot@example.com', 10)), 10,
   'a loop of another kind ends after ten answers');

# --- what a mail server does -------------------------------------------------

sub ask {
    my ($name, @rules) = @_;

    $cx->script(map { { match => { to => $name, path => $_->[0] },
                        do => $_->[1], times => $_->[2] // 1 } } @rules);
    ok_sim("asks ($name)", 'sendgrid', '--from', "$name\@example.com",
           '--text', "Is there parking? ($name)");
}


ask('lost', ['/smtp/end', { act => 'accept_then_close' }]);
my @lost = mails($cx, 'lost@example.com', 2);
is(scalar @lost, 2, 'no answer after the final dot: sent again');
is($lost[1]{intent}, $lost[0]{intent}, '... as the same mail');
is(field($lost[1], 'Message-ID'), field($lost[0], 'Message-ID'),
   '... by its Message-ID');
ok($cx->wait_for(10, sub { state_of($lost[0]) eq 'accepted' }), 'accepted');

ask('cut', ['/smtp/rcpt', { act => 'close_before' }]);
is(scalar(mails($cx, 'cut@example.com', 1)), 1,
   'cut before the message: sent again');

ask('nobody', ['/smtp/rcpt', { status => 550 }]);
ok($cx->wait_for(10, sub {
    grep { $_->{direction} eq 'out' && $_->{state} eq 'failed' }
         messages('(nobody)') }), '550: failed');

ask('later', ['/smtp/end', { status => 451 }]);
ok($cx->wait_for(10, sub {
    grep { $_->{state} eq 'ready' && ($_->{error}{code} // 0) == 451 }
         messages('(later)') }), '451: later');
is(scalar(grep { $_->{to} =~ /^(?:nobody|later)/ } $cx->ledger), 0,
   'neither was accepted');

my ($asked) = grep { ($_->{path} // '') eq '/smtp/end' }
              @{$cx->double('GET', '/_/requests')->{requests}};
is($asked->{authorization}, "desk:$Connext::Email::PASSWORD",
   'with the user and the password');

# --- forgeries ---------------------------------------------------------------

my $in = $cx->count('in');
for my $type (@PROVIDERS) {
    for my $how ('--bad-signature', '--no-signature') {
        ok_sim("$how: 401", $type, $how) if $type ne 'mailgun'
                                            || $how eq '--bad-signature';
    }
}
is($cx->count('in'), $in, 'nothing of it is in the stream');
is($cx->quarantined, 0, 'nothing was unreadable');

# --- every sample ------------------------------------------------------------

for my $type (@PROVIDERS) {
    my (undef, $list) = simulate($cx, $type, '--list');
    my @types = split /\n/, $list;
    cmp_ok(scalar @types, '>=', 7, "$type: samples");
    ok_sim("sample $_", $type, '--type', $_, '--from',
           "s-$_-$type\@example.com", '--of',
           '<cx1.ms_0D3M8QK4F6Y00.x@desk.example>') for @types;
}

# --- the end -----------------------------------------------------------------

my $logs = $cx->logs;
unlike($logs, qr/\Q$_\E/, 'no secret is logged')
    for $Connext::Email::PASSWORD, 'canary-mailgun', 'canary-postmark';
unlike($logs, qr/\Q$_\E/, "no log holds \"$_\"")
    for 'ana-mailgun', 'check-out', 'example.com';

$cx->finish;
done_testing();
