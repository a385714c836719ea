# Nothing but what Twilio signed is accepted: bytes of the body, characters of
# the header, the URL.  Every value of every byte is in t/unit/channel.

use strict;
use warnings;

use Connext;
use Connext::Twilio qw(form inbound signature twilio $TOKEN);
use Test::More;

my $cx = twilio()->start(qw(redis nginx));
my $form = inbound(from => '+16505551234', id => 'SM' . '7' x 32,
                   text => 'Is it 50% off & free?');
my $query = '?cx=cx1.ms_0123456789abc.1';
my $signature = signature(Connext::Twilio::url($cx) . $query, $form);

is(Connext::Twilio::post($cx, $form, query => $query)->{status}, 200,
   'as it was signed: 200');
is($cx->count('in'), 1, 'and in the stream');

my %status;


sub try {
    my ($f, $s, $q) = @_;

    $status{Connext::Twilio::post($cx, $f, query => $q // $query,
                                  signature => $s)->{status}}++;
}


my $n = 0;
for my $i (0 .. length($form) - 1) {
    for my $mask (0x01, 0x02, 0x80) {
        my $f = $form;
        substr($f, $i, 1) ^= chr $mask;
        try($f, $signature);
        $n++;
    }
}
is_deeply(\%status, { 401 => $n }, "$n mutated bytes: all 401");

%status = ();
$n = 0;
my @alphabet = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '+', '/', '=', '-', '_');
for my $i (0 .. length($signature) - 1) {
    for my $c (grep { $_ ne substr $signature, $i, 1 } @alphabet) {
        my $s = $signature;
        substr($s, $i, 1) = $c;
        try($form, $s);
        $n++;
    }
}
is_deeply(\%status, { 401 => $n }, "$n mutated characters: all 401");

%status = ();
try($form, substr $signature, 0, $_) for 1 .. 27;
try($form, $_) for "$signature=", "$signature,$signature", 'x';
is_deeply(\%status, { 401 => 30 }, 'other lengths: all 401');

%status = ();
try($form, $signature, $_)
    for '', '?', '?cx=', "$query&a=b", '?cx=cx1.ms_0123456789abd.1',
        '?a=b&cx=cx1.ms_0123456789abc.1';
is_deeply(\%status, { 401 => 6 }, 'another query: all 401');

%status = ();
try(substr($form, 0, $_), $signature) for 1 .. length($form) - 1;
try("$form$_", $signature) for "\0", "\n", '&', '&a=', '=', ' ';
is_deeply(\%status, { 401 => length($form) + 5 }, 'other lengths: all 401');

%status = ();
for my $type ('application/json', 'text/plain', '') {
    my $r = Connext::Twilio::post($cx, $form, query => $query,
        signature => $signature, headers => { 'Content-Type' => $type });
    $status{$r->{status}}++;
}
is_deeply(\%status, { 401 => 3 }, 'said to be something else: all 401');

my $r = Connext::Twilio::post($cx, $form, query => $query,
    signature => $signature, headers => {
        'X-Forwarded-Proto' => 'https', 'X-Forwarded-Host' => 'evil.example',
        'Host' => 'evil.example' });
is($r->{status}, 200, 'what a client says of the URL counts for nothing');

$r = Connext::Twilio::post($cx, $form, query => $query,
    signature => signature('http://evil.example/hooks/tw-main' . $query,
                           $form),
    headers => { 'X-Forwarded-Host' => 'evil.example',
                 'Host' => 'evil.example' });
is($r->{status}, 401, 'nor can it choose it');

is($cx->count('in'), 1, 'the stream is as it was');
is($cx->count('st') + $cx->quarantined, 0, 'nothing anywhere else');

$cx->finish;
done_testing();
