# What happens is told: signed as Standard Webhooks ask, again when nobody was
# there, without a word of the customer unless it is asked for; and by mail.

use strict;
use warnings;

use Connext;
use Connext::Email qw(mails);
use Connext::Process qw(free_port read_file write_file);
use Connext::Sample qw(json);
use Digest::SHA qw(hmac_sha256);
use IO::Select;
use IO::Socket::INET;
use MIME::Base64 qw(decode_base64 encode_base64);
use Test::More;
use Time::HiRes qw(time);

my $smtp = free_port();
my $port = free_port();
my $cx = Connext->new(double => ['--smtp-port', $smtp], worker => {
    'worker.lease_ms' => 600, 'hooks.retry_ms' => 40,
    'hooks.allow_private' => 'on',
    'notify.smtp_url' => "smtp://127.0.0.1:$smtp",
    'notify.from' => 'desk@connext.example' });
write_file($cx->path('keys'), 'k1 ' . encode_base64('k' x 32), 0600);
$cx->{conf}{'secrets.key_file'} = $cx->path('keys');
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1,
            agent => { threshold => 1 });
my $n = 0;


sub call {
    my ($method, $path, $what) = @_;

    my $res = $cx->api_raw('worker', $method, "/api/v1/$path",
                           $what ? json()->encode($what) : undef);
    return ($res->{status}, $res->{body} ? json()->decode($res->{body}) : {});
}


# --- who is told -------------------------------------------------------------

my ($listener, @told);


sub listen_now {
    $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
                                      Listen => 16, ReuseAddr => 1)
                or die "listen: $!\n";
}


# Answers whoever waits to be answered; keeps what they said.
sub receive {
    my ($status) = @_;

    while (IO::Select->new($listener)->can_read(0)) {
        my $peer = $listener->accept or last;
        my $text = '';
        while ($text !~ /\r\n\r\n/) {
            sysread $peer, $text, 65536, length $text or last;
        }
        my ($head, $body) = split /\r\n\r\n/, $text, 2;
        my %h = map { /^([\w-]+): (.*)/ ? (lc $1 => $2) : () }
                split /\r\n/, $head;
        while (length $body < $h{'content-length'}) {
            sysread $peer, $body, 65536, length $body or last;
        }
        push @told, { %h, body => $body };
        print {$peer} "HTTP/1.1 $status X\r\nContent-Length: 0\r\n"
                      . "Connection: close\r\n\r\n";
        close $peer;
    }
    return scalar @told;
}


# As the standard says it is checked.
sub genuine {
    my ($t, $secret) = @_;

    my $key = decode_base64($secret =~ s/^whsec_//r);
    my $text = "$t->{'webhook-id'}.$t->{'webhook-timestamp'}.$t->{body}";
    return abs(time - $t->{'webhook-timestamp'}) < 300
           && $t->{'webhook-signature'}
              eq 'v1,' . encode_base64(hmac_sha256($text, $key), '');
}


sub deliveries {
    my ($hook) = @_;

    return @{(call('GET', "hooks/$hook->{id}/deliveries"))[1]{data}};
}


sub draft {
    my ($customer) = @_;

    my $r;
    $cx->say(id => 'wamid.' . ++$n, text => 'canary-question',
             from => $customer);
    $cx->wait_for(10, sub {
        ($r) = grep { $_->{state} eq 'waiting' }
               @{$cx->api('GET', '/api/v1/reviews')->{data}};
    });
    return $r;
}


# --- told --------------------------------------------------------------------

my ($status, $hook) = call('POST', 'hooks', {
    url => "http://127.0.0.1:$port/in",
    events => 'review.created conversation.taken conversation.given' });
is($status, 201, 'a hook');
like($hook->{secret}, qr/^whsec_[\w+\/]{32}$/, 'gets a secret');
is((call('GET', "hooks/$hook->{id}"))[1]{secret}, undef,
   '... which is shown once');
is((call('POST', 'hooks', { url => 'ftp://a.example', events => 'x' }))[0],
   400, 'not for every URL');
is((call('POST', 'hooks', { url => 'https://a.example',
                            events => 'review.eaten' }))[0], 400,
   'nor every event');

listen_now();
my $r = draft('16505550001');
ok($cx->wait_for(10, sub { receive(204) == 1 }), 'a draft is told of');
ok(genuine($told[0], $hook->{secret}), '... signed');
ok(!genuine({ %{$told[0]}, body => '{}' }, $hook->{secret}),
   '... what it says');
my $what = json()->decode($told[0]{body});
is("$what->{type} $what->{data}{review}", "review.created $r->{id}",
   '... and which');
like($what->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
   '... and when');
unlike($told[0]{body}, qr/canary/, '... not what was said');
my ($d) = deliveries($hook);
ok($cx->wait_for(10, sub { ($d) = deliveries($hook);
                           $d->{state} eq 'delivered' }), 'it is on record');
is("$d->{id} $d->{attempts} $d->{status}", "$told[0]{'webhook-id'} 1 204",
   '... with its id');

# --- nobody is there ---------------------------------------------------------

close $listener;
@told = ();
call('POST', "conversations/$r->{conversation}/take", { who => 'ann' });
ok($cx->wait_for(10, sub { ($d) = deliveries($hook);
                           $d->{event} eq 'conversation.taken'
                           && $d->{attempts} > 0 }), 'nobody is there');
is($d->{state}, 'waiting', '... it is tried again');
listen_now();
ok($cx->wait_for(20, sub { receive(500) == 1 }), 'somebody is, in trouble');
ok($cx->wait_for(30, sub { receive(200) == 2 }), '... and then not');
is($told[0]{'webhook-id'}, $told[1]{'webhook-id'}, '... the same one');
ok(genuine($told[1], $hook->{secret}), '... signed anew');
is(json()->decode($told[1]{body})->{data}{who}, 'ann', '... and who it was');

# --- never again -------------------------------------------------------------

@told = ();
call('POST', "conversations/$r->{conversation}/give", {});
ok($cx->wait_for(10, sub { receive(410) == 1 }), 'gone for good');
ok($cx->wait_for(10, sub { ($d) = deliveries($hook);
                           $d->{state} eq 'dead' }), '... is believed');
my ($code, $out) = $cx->ctl('hooks', 'resend', $d->{id});
is($code, 0, 'sent again by hand') or diag $out;
ok($cx->wait_for(10, sub { receive(200) == 2 }), '... it comes');

# --- with its text, by mail --------------------------------------------------

call('DELETE', "hooks/$hook->{id}");
write_file($cx->path('hook.secret'), 'whsec_' . encode_base64('s' x 24, '')
           . "\n", 0600);
($status, $hook) = call('POST', 'hooks', {
    url => "http://127.0.0.1:$port/in", events => 'review.created',
    secret_file => $cx->path('hook.secret'),
    with_text => JSON::PP::true });
is($hook->{secret}, undef, 'a secret of our own');
my ($mail) = (call('POST', 'hooks', { url => 'mailto:ann@desk.example',
                                      events => 'review.created' }))[1];
call('POST', "reviews/$r->{id}/reject", {});
@told = ();
draft('16505550002');
ok($cx->wait_for(10, sub { receive(200) == 1 }), 'told again');
ok(genuine($told[0], 'whsec_' . encode_base64('s' x 24, '')), '... signed');
like(json()->decode($told[0]{body})->{data}{text}, qr/canary-question/,
     '... with what is to be said');
my ($got) = mails($cx, 'ann@desk.example', 1);
ok($got, 'and by mail');
like($got->{text}, qr/^Subject: \[connext\] review\.created on wa-main\r?$/m,
     '... which says of what');
my $told = decode_base64($got->{text} =~ s/.*?\r?\n\r?\n//sr);
like($told, qr/^review: rv_/m, '... and of which');
unlike($told, qr/canary/, '... without what was said');
$cx->say(id => 'wamid.again', text => 'canary-again', from => '16505550002');
ok($cx->wait_for(10, sub { receive(200) == 2 }), 'another one');
is(scalar(deliveries($mail)), 1, '... one mail of a conversation');

unlike($cx->logs, qr/canary|whsec_|ann\@desk/, 'nothing of it in the logs');
is(scalar($cx->bad_log_lines), 0, 'no alert');
$cx->finish;
done_testing();
