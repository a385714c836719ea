# Twilio end to end: a question by SMS becomes an answer with its statuses;
# WhatsApp by the same type; what is not signed leaves no trace; every sample
# of connextctl is taken.

use strict;
use warnings;

use Connext;
use Connext::Twilio qw(form inbound signature twilio $ACCOUNT_SID $SMS $TOKEN
                       $WHATSAPP);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $cx = twilio(worker => { 'media.allow_private' => 'on' },
                double => ['--statuses', 'queued,sent,delivered'])
         ->start(qw(redis nginx double worker));
$cx->set_up;

my $ch = Connext::Twilio::channel($cx, settings => { reconcile => 'off' });
is($ch->{settings}{account_sid}, $ACCOUNT_SID, 'the channel has its settings');


sub sent_to {
    my ($customer, $n) = @_;

    my @sent;
    $cx->wait_for(10, sub {
        @sent = grep { $_->{to} =~ /\Q$customer\E$/ } $cx->ledger;
        @sent >= $n;
    });
    return @sent;
}


sub last_state {
    my ($customer) = @_;

    my $tail = substr $customer, -4;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return '' unless $c;

    my $m = $cx->api('GET', "/api/v1/conversations/$c->{id}/messages")->{data};
    return @$m ? ($m->[-1]{state}, $m->[-1]) : '';
}


# --- SMS ---------------------------------------------------------------------

my $res = Connext::Twilio::post($cx, inbound(from => '+16505551001',
                                             text => 'When is check-out?'));
is($res->{status}, 200, 'accepted');
is($res->{headers}{'content-type'}, 'text/xml', 'an answer Twilio reads');
is($res->{body}, '<Response></Response>', 'that says nothing to the customer');

my @sent = sent_to('+16505551001', 1);
is(scalar @sent, 1, 'one answer');
like($sent[0]{text}, qr/11:00/, 'from the knowledge file');
is($sent[0]{account}, $SMS, 'from our number');
like($sent[0]{intent}, qr/^cx1\.ms_/, 'its intent is in the callback');
like($sent[0]{wamid}, qr/^SM/, 'it has a SID');

my ($asked) = @{$cx->double('GET', '/_/requests?kind=graph')->{requests}};
is($asked->{authorization},
   'Basic ' . encode_base64("$ACCOUNT_SID:$TOKEN", ''), 'with our login');
is($asked->{path}, "/2010-04-01/Accounts/$ACCOUNT_SID/Messages.json",
   'to the Message resource');

ok($cx->wait_for(10, sub { (last_state('1001'))[0] eq 'delivered' }),
   'its statuses arrive: delivered');
is((last_state('1001'))[1]{provider_id}, $sent[0]{wamid}, 'by its SID');

# The same delivery again, by the fallback URL.
my $form = inbound(from => '+16505551002', id => 'SM' . '9' x 32);
Connext::Twilio::post($cx, $form) for 1 .. 2;
Connext::Twilio::post($cx, $form . '&' . form(ErrorCode => 11200,
                      ErrorUrl => 'https://x.example/'));
is(scalar(sent_to('+16505551002', 1)), 1, 'a repeat is answered once');

# --- WhatsApp ----------------------------------------------------------------

$cx->api('PATCH', '/api/v1/channels/tw-main', { account => $WHATSAPP });
Connext::Twilio::post($cx, inbound(from => 'whatsapp:+16505551003',
                                   to => $WHATSAPP, ProfileName => 'Ana',
                                   WaId => '16505551003'));
@sent = sent_to('whatsapp:+16505551003', 1);
is(scalar @sent, 1, 'WhatsApp is answered');
is($sent[0]{account}, $WHATSAPP, 'from our sender there');
$cx->api('PATCH', '/api/v1/channels/tw-main', { account => $SMS });

# --- what fails --------------------------------------------------------------

$cx->script({ match => { to => '1004' }, do => { code => 21610 } });
Connext::Twilio::post($cx, inbound(from => '+16505551004'));
ok($cx->wait_for(10, sub { (last_state('1004'))[0] eq 'failed' }),
   'opted out: failed');
is((last_state('1004'))[1]{error}{code}, 21610, 'with Twilio\'s code');

$cx->script({ match => { to => '1005' }, do => { code => 20429 } });
Connext::Twilio::post($cx, inbound(from => '+16505551005'));
is(scalar(sent_to('+16505551005', 1)), 1, 'too many requests: tried again');

$cx->script({ match => { to => '1006' },
              do => { statuses => ['undelivered:30003'] } });
Connext::Twilio::post($cx, inbound(from => '+16505551006'));
ok($cx->wait_for(10, sub { (last_state('1006'))[0] eq 'failed' }),
   'undelivered: failed');
is((last_state('1006'))[1]{error}{code}, 30003, 'with the code');

# An answer that was lost: the status says that it was accepted.
$cx->script({ match => { to => '1007' }, do => { act => 'accept_then_close',
              statuses => ['sent', 'delivered'] } });
Connext::Twilio::post($cx, inbound(from => '+16505551007'));
ok($cx->wait_for(10, sub { (last_state('1007'))[0] eq 'delivered' }),
   'a lost answer is found again by its intent');
is(scalar(sent_to('+16505551007', 1)), 1, 'sent once');

# --- STOP and START ----------------------------------------------------------

Connext::Twilio::post($cx, inbound(from => '+16505551009', text => 'STOP',
                                   OptOutType => 'STOP'));
Connext::Twilio::post($cx, inbound(from => '+16505551009'));
Connext::Twilio::post($cx, inbound(from => '+16505551010'));
is(scalar(sent_to('+16505551010', 1)), 1, 'others are answered');
is(scalar(grep { $_->{to} =~ /1009$/ } $cx->ledger), 0,
   'after STOP nothing is sent');

Connext::Twilio::post($cx, inbound(from => '+16505551009', text => 'START',
                                   OptOutType => 'START'));
Connext::Twilio::post($cx, inbound(from => '+16505551009',
                                   text => 'When is check-in?'));
ok((grep { $_->{text} =~ /15:00/ } sent_to('+16505551009', 1)),
   'after START it is answered again');

# --- an attachment -----------------------------------------------------------

my $place = "http://127.0.0.1:$cx->{double_port}/2010-04-01/Accounts/"
            . "$ACCOUNT_SID/Messages/MM1/Media/ME1";
Connext::Twilio::post($cx, inbound(from => '+16505551008', text => 'The view',
                                   NumMedia => 2, MediaUrl0 => $place,
                                   MediaContentType0 => 'image/png',
                                   MediaUrl1 => "${place}2",
                                   MediaContentType1 => 'image/png'));
my @media;
ok($cx->wait_for(10, sub {
       my ($c) = grep { $_->{phone_masked} =~ /1008$/ }
                 @{$cx->api('GET', '/api/v1/conversations')->{data}} or return;
       my ($in) = @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
                    ->{data}};
       @media = @{$cx->api('GET', "/api/v1/messages/$in->{id}/media")
                  ->{data}};
       @media == 2 && 2 == grep { $_->{state} eq 'stored' } @media;
   }), 'both attachments are fetched and kept');
my ($fetch) = grep { $_->{path} =~ /Media/ }
              @{$cx->double('GET', '/_/requests')->{requests}};
like($fetch->{authorization}, qr/^Basic /, 'with our login');

# --- connextctl --------------------------------------------------------------

my @sim = ('simulate', 'twilio', '--secret-file', $cx->path('auth_token'),
           '--media-url', $place);
my ($rc, $out) = $cx->ctl(@sim, '--text', 'Is there parking?', '--wait',
                          '--from', '+16505551100');
is($rc, 0, 'simulate --wait') or diag $out;
like($out, qr/Parking is free behind the house/, 'it shows the answer');

my ($sid) = map { $_->{wamid} } sent_to('+16505551100', 1);
($rc, $out) = $cx->ctl(@sim, '--status', 'read', '--of', $sid, '--from',
                       '+16505551100');
is($rc, 0, 'simulate --status') or diag $out;
ok($cx->wait_for(10, sub { (last_state('1100'))[0] eq 'read' }), '... read');

(undef, $out) = $cx->ctl('simulate', 'twilio', '--list');
my @types = split /\n/, $out;
cmp_ok(scalar @types, '>=', 15, 'samples of many types');

my $n = 200;
for my $type (@types) {
    ($rc, $out) = $cx->ctl(@sim, '--type', $type, '--from',
                           '+1650555' . (1000 + $n++), '--of', 'SM1');
    is($rc, 0, "sample $type") or diag $out;
}

for my $how ('--bad-signature', '--no-signature') {
    ($rc, $out) = $cx->ctl('simulate', 'twilio', '--channel', 'tw-main', $how);
    is($rc, 0, "$how: 401") or diag $out;
}

Connext::Process::write_file($cx->path('events.json'),
                             '[{"type":"com.twilio.x","id":"NO1"}]');
($rc, $out) = $cx->ctl(@sim, '--channel', 'tw-main', '--file',
                       $cx->path('events.json'));
is($rc, 0, 'a JSON body, bound by its hash') or diag $out;

($rc, $out) = $cx->ctl(@sim, '--count', 20, '--concurrency', 4, '-o', 'json',
                       '--from', '+16505554000');
like($out, qr/"as_expected": ?20/, 'many customers');

# --- the end -----------------------------------------------------------------

is(scalar(grep { $_->{to} =~ /1009$/ && $_->{text} =~ /Parking/ }
          $cx->ledger), 0, 'what was asked after STOP stays unanswered');
is($cx->quarantined, 0, 'nothing was unreadable');

my $logs = $cx->logs;
unlike($logs, qr/\Q$TOKEN\E/, 'no log holds the token');
unlike($logs, qr/\Q$_\E/, "no log holds \"$_\"")
    for '6505551001', 'check-out', 'cx1.ms_';

$cx->finish;
done_testing();
