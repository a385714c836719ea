# Signed, but not what it should be: rows J of the corpus.  Authentic bytes
# that cannot be read are kept in quarantine and answered with 200: the same
# bytes would only fail again.

use strict;
use warnings;

use Connext;
use Connext::Corpus qw(body request run_rows);
use Test::More;

my $cx = Connext->new->start(qw(redis nginx));
my $q = { quarantined => 1 };


sub signed {
    my ($name, $body, $opt, $want) = @_;

    return [$name, request(body => $body), $want // '200', $opt // $q];
}


# A good delivery with a piece replaced.
sub with {
    my ($from, $to) = @_;

    my $b = body();
    $b =~ s/$from/$to/ or die "no $from";
    return $b;
}


my $b = body();
my $deep = '[' x 2048 . ']' x 2048;

my @rows = (
    signed('J01 empty object', '{}'),
    signed('J02 array', '[]'),
    signed('J03 null', 'null'),
    signed('J03 number', '42'),
    signed('J05 trailing garbage', body() . 'x'),
    signed('J05 second document', body() . body()),
    signed('J05 NUL after the end', body() . "\0"),
    signed('J06 BOM', "\xef\xbb\xbf" . body()),
    signed('J07 UTF-16', join '', map { "$_\0" } split //, body()),
    signed('J08 duplicate id', with('"id":"wamid\.', '"id":"x","id":"wamid.')),
    signed('J09 duplicate by escape',
           with('"id":"wamid\.', '"\\u0069d":"x","id":"wamid.')),
    signed('J10 __proto__', with('"object"', '"__proto__":{},"object"'),
           { stored => 1 }),
    signed('J11 raw NUL in a string', with('Hello', "He\0llo")),
    signed('J12 escaped NUL', with('Hello', 'He\\u0000llo')),
    signed('J13 lone high surrogate', with('Hello', '\\ud800')),
    signed('J13 lone low surrogate', with('Hello', '\\udc00')),
    signed('J13 swapped surrogates', with('Hello', '\\udc00\\ud800')),
    signed('J14 byte FF', with('Hello', "\xff")),
    signed('J14 overlong', with('Hello', "\xc0\xaf")),
    signed('J14 surrogate in UTF-8', with('Hello', "\xed\xa0\x80")),
    signed('J14 above the last', with('Hello', "\xf4\x90\x80\x80")),
    signed('J14 cut sequence', with('Hello', "\xe2\x82")),
    signed('J15 non-characters', with('Hello', "\xef\xbf\xbf"),
           { stored => 1 }),
    signed('J16 right-to-left override', with('Ana', "\xe2\x80\xaeAna"),
           { stored => 1 }),
    signed('J17 depth 2,048', $deep),
    signed('J18 100,000 brackets', '[' x 100_000),
    signed('J19 2 MiB of empty objects',
           '[' . '{},' x 699_050 . '{}]'),
    signed('J20 200,000 keys',
           '{' . join(',', map { "\"k$_\":1" } 1 .. 200_000) . '}'),
    signed('J23 key of 1 MB', '{"' . 'k' x 1_000_000 . '":1}'),
    signed('J24 number of 10,000 digits',
           with('"timestamp":"\d+"', '"timestamp":' . '9' x 10_000)),
    signed('J25 NaN', with('"timestamp":"\d+"', '"timestamp":NaN')),
    signed('J25 leading zero', with('"timestamp":"\d+"', '"timestamp":01')),
    signed('J25 leading plus', with('"timestamp":"\d+"', '"timestamp":+1')),
    signed('J25 hexadecimal', with('"timestamp":"\d+"', '"timestamp":0x10')),
    signed('J27 timestamp of words',
           with('"timestamp":"\d+"', '"timestamp":"abc"'), { stored => 1 }),
    signed('J28 id is a number', with('"id":"wamid[^"]*"', '"id":7')),
    signed('J28 id is empty', with('"id":"wamid[^"]*"', '"id":""')),
    signed('J28 id is an object', with('"id":"wamid[^"]*"', '"id":{}')),
    signed('J29 id of 4 KB',
           with('"id":"wamid', '"id":"' . 'w' x 4096)),
    signed('J30 id with a command in it',
           with('"id":"wamid', '"id":"\\r\\nXADD {} wamid'),
           { stored => 1 }),
    signed('J34 the same message twice in one', with(
           '"messages":\[(\{.*?\}\})\]', '"messages":[$1]'), {}),
    signed('J37 unknown type', with('"type":"text"', '"type":"hologram"'),
           { stored => 1 }),
    signed('J38 comment', with('"object"', '/* */"object"')),
    signed('J38 single quotes', with('"object"', "'object'")),
    signed('J38 trailing comma', with('\}$', ',}')),
);

# J34 wants the very same message twice.
for my $row (grep { $_->[0] =~ /^J34/ } @rows) {
    my $twice = body();
    $twice =~ s/"messages":\[(.*?)\],"messaging/"messages":[$1,$1],"messaging/
        or die $twice;
    $row->[1] = request(body => $twice);
    $row->[3] = { stored => 1 };
}

run_rows($cx, @rows);

# J04: cut at every byte; J36: a good one beside a broken one.
my $before = $cx->quarantined;
my $cut = 0;
for my $i (1 .. length($b) - 1) {
    my $res = $cx->post(substr $b, 0, $i);
    $cut++ if $res->{status} == 200;
}
is($cut, length($b) - 1, 'J04 cut at every byte: 200');
is($cx->quarantined - $before, length($b) - 1, 'J04 and in quarantine');

my $stored = $cx->count('in');
my $mixed = body();
$mixed =~ s/"messages":\[/"messages":[{"id":7},/;
is($cx->post($mixed)->{status}, 200, 'J36 good beside broken: 200');
is($cx->count('in') - $stored, 1, 'J36 the good one is there');
is($cx->quarantined - $before, length $b, 'J36 the whole is in quarantine');

Connext::Corpus::flat($cx, 5, grep { length $_->[1] < 100_000 } @rows);
$cx->finish;
done_testing();
