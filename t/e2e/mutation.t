# Nothing but the signed bytes is accepted: every byte of a body, every
# nibble of the header, every length.

use strict;
use warnings;

use Connext;
use Connext::Sample qw(delivery signature text_message);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx));
my $body = delivery(messages => [text_message(from => 16505551234,
                    id => 'wamid.mutation', text => 'Is there parking?')]);
my $signature = signature($body, $Connext::SECRET{app_secret});

is($cx->post($body)->{status}, 200, 'as it was signed: 200');
is($cx->count('in'), 1, 'and in the stream');

my %status;


sub try {
    my ($b, $s) = @_;

    $status{$cx->post($b, 'X-Hub-Signature-256' => $s)->{status}}++;
}


my $n = 0;
for my $i (0 .. length($body) - 1) {
    for my $mask (0x01, 0x20, 0x80) {
        my $b = $body;
        substr($b, $i, 1) ^= chr $mask;
        try($b, $signature);
        $n++;
    }
}
is_deeply(\%status, { 401 => $n }, "$n mutated bytes: all 401");

%status = ();
$n = 0;
for my $i (7 .. length($signature) - 1) {
    my $have = hex substr $signature, $i, 1;
    for my $nibble (grep { $_ != $have } 0 .. 15) {
        my $s = $signature;
        substr($s, $i, 1) = sprintf '%x', $nibble;
        try($body, $s);
        $n++;
    }
}
is_deeply(\%status, { 401 => 960 }, "$n mutated nibbles: all 401");

%status = ();
for my $i (0 .. 6) {
    my $s = $signature;
    substr($s, $i, 1) ^= "\x01";
    try($body, $s);
}
is_deeply(\%status, { 401 => 7 }, 'mutated prefix: all 401');

%status = ();
try(substr($body, 0, $_), $signature) for 1 .. length($body) - 1;
try("$body$_", $signature) for "\0", "\n", ' ', '}';
is_deeply(\%status, { 401 => length($body) + 3 }, 'other lengths: all 401');

is($cx->count('in'), 1, 'the stream is as it was');
is($cx->count('st') + $cx->quarantined, 0, 'nothing anywhere else');

$cx->finish;
done_testing();
