# The Redis Function alone: what it writes, what it holds for a repeat, that a
# refusal leaves nothing behind and harms no other event of the call.  The text
# is the one the edge loads.

use strict;
use warnings;

use Connext;
use Connext::Redis qw(function_text);
use Test::More;

my $cx = Connext->new->start('redis');
my $epoch_s = 9 * 86400;
my $in = 'cx:{p07}:in';
my $dd = 'cx:{p07}:dd';

# Events of one stream: bucket, member, JSON of each.
sub enq {
    return $cx->redis('FCALL', 'cx_put', @_ / 3, ($in) x (@_ / 3), @_);
}

sub fails {
    my ($what, $like, @command) = @_;
    my $reply = eval { $cx->redis(@command) };

    like($@ || $reply, $like, $what);
}

my $lua = function_text($cx->dir, 'queue');

is($cx->redis('FUNCTION', 'LOAD', 'REPLACE', $lua), 'connext', 'loaded');
is($cx->redis('FCALL_RO', 'cx_ver', 0), '2', 'its version');

my $epoch = int($cx->redis('TIME')->[0] / $epoch_s);
my $first = enq(5, 123, '{"a":1}', 6, '-9223372036854775808', '{}');

is(scalar(@$first), 2, 'an answer for each event');
like($_, qr/^\d+-\d+$/, 'an entry id') for @$first;
is_deeply($cx->redis('XRANGE', $in, '-', '+'),
          [ [ $first->[0], [ 'v', '1', 'e', '{"a":1}' ] ],
            [ $first->[1], [ 'v', '1', 'e', '{}' ] ] ], 'the entries');
is_deeply(enq(5, 123, '{"a":2}', 6, '-9223372036854775808', '{}'),
          [ '', '' ], 'a repeat of both');

my $mixed = enq(5, 123, 'x', 5, 124, 'y', 5, 124, 'z');

is_deeply([ map { $_ eq '' ? 0 : 1 } @$mixed ], [ 0, 1, 0 ],
          'one known, one new, one twice in the same call');
is($cx->redis('XLEN', $in), 3, 'no entry for a repeat');
isnt(enq(6, 124, 'y')->[0], '', 'another bucket is another event');

# Where it is kept, and how long.
is($cx->redis('SCARD', "$dd:$epoch:5"), 2, 'in the bucket of the epoch');

my $ttl = $cx->redis('TTL', "$dd:$epoch:5");

ok($ttl > 2 * $epoch_s && $ttl <= 2 * $epoch_s + 3600,
   "for two epochs and an hour: $ttl s");
is($cx->redis('OBJECT', 'ENCODING', "$dd:$epoch:5"), 'intset',
   'eight bytes a fingerprint');
$cx->redis('EXPIRE', "$dd:$epoch:5", 1000);
enq(5, 125, '{}');
cmp_ok($cx->redis('TTL', "$dd:$epoch:5"), '<=', 1000,
       'only a new bucket gets its end');

# The epoch before counts, the one before that does not.
$cx->redis('SADD', "$dd:" . ($epoch - 1) . ':9', 1);
$cx->redis('SADD', "$dd:" . ($epoch - 2) . ':9', 2);
is(enq(9, 1, '{}')->[0], '', 'seen in the epoch before');
isnt(enq(9, 2, '{}')->[0], '', 'seen two epochs before: forgotten');

# Refusals.
my $len = $cx->redis('XLEN', $in);

fails('no events', qr/CXARG/, qw(FCALL cx_put 0));
fails('two of three', qr/CXARG/, qw(FCALL cx_put 1), $in, 1, 2);
fails('four', qr/CXARG/, qw(FCALL cx_put 1), $in, 1, 2, 3, 4);
fails('one key', qr/CXARG/, qw(FCALL cx_put 1), $in, 1 .. 6);

# Errors among answers: each is a reference to its text.
sub words {
    return [ map { ref $_ ? $$_ =~ /^(\w+)/ : $_ eq '' ? 'known' : 'new' }
             @{$_[0]} ];
}

$cx->redis('SET', "$dd:$epoch:77", 'x');
$cx->redis('SET', "$dd:" . ($epoch - 1) . ':78', 'x');
is_deeply(words(enq(77, 1, '{}', 78, 1, '{}')), [ ('WRONGTYPE') x 2 ],
          'buckets that are no sets, of either epoch');
is($cx->redis('XLEN', $in), $len, 'no refusal wrote an entry');
is($cx->redis('EXISTS', "$dd:$epoch:78"), 0, 'nor a fingerprint');

$cx->redis('SET', 'cx:{p08}:in', 'x');
$cx->redis('SADD', "cx:{p08}:dd:$epoch:2", 1);
is_deeply(words($cx->redis(qw(FCALL cx_put 5), $in, ('cx:{p08}:in') x 3, $in,
                           80, 1, '{}', 1, 1, '{}', 2, 1, '{}', 2, 2, '{}',
                           80, 2, '{}')),
          [ qw(new WRONGTYPE known WRONGTYPE new) ],
          'a stream that is none, its known event, and neighbours');
is($cx->redis('XLEN', $in), $len + 2, 'the neighbours are stored');
is($cx->redis('EXISTS', "cx:{p08}:dd:$epoch:1"), 0,
   'what was refused has no fingerprint');
is_deeply($cx->redis('SMEMBERS', "cx:{p08}:dd:$epoch:2"), [ 1 ],
          'and took none of another');

# Who may not take a fingerprint back may not leave one.
$cx->redis(qw(ACL SETUSER short on >short-password ~cx:* +fcall +sismember),
           qw(+sadd +xadd +expire +time));
{
    my $short = Connext::Redis->new($cx->path('redis.sock'));
    $short->command(qw(AUTH short short-password));
    eval { $short->command(qw(FCALL cx_put 1), $in, 81, 1, '{}') };
    like($@, qr/NOPERM.*srem/, 'without srem nothing is done');
    is($cx->redis('EXISTS', "$dd:$epoch:81"), 0, 'nothing');
}

# The call of version 1: edges that were not updated yet.
my $v1 = $cx->redis(qw(FCALL cx_enq 2), $in, $dd, 90, 1, '{}', 90, 1, '{}');

is_deeply(words($v1), [ qw(new known) ], 'an older edge');
is_deeply(words(enq(90, 1, '{}')), [ 'known' ], 'both know the same');
fails('its error', qr/WRONGTYPE/, qw(FCALL cx_enq 2), 'cx:{p08}:in',
      'cx:{p08}:dd', 3, 1, '{}');
fails('its arguments', qr/CXARG/, qw(FCALL cx_enq 2), $in, $dd, 1, 2, 3, 4);
fails('its keys', qr/CXARG/, qw(FCALL cx_enq 1), $in, 1, 2, 3);

# Loaded again while it is in use: what it wrote still counts.
is($cx->redis('FUNCTION', 'LOAD', 'REPLACE', $lua), 'connext',
   'loaded again');
is(enq(5, 123, '{}')->[0], '', 'and it still knows');

$cx->finish;
done_testing();
