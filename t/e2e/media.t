# A customer's attachment is fetched, checked and kept, whatever happens.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port read_file);
use Connext::Sample qw(delivery);
use Digest::SHA qw(sha256_hex);
use Test::More;

my ($lib) = $INC{'Connext.pm'} =~ m{^(.*)/};
my $cx = Connext->new(worker => { 'media.max_size' => 100_000,
                                  'media.allow_private' => 'on',
                                  'media.timeout_ms' => 20_000 });
my $files = free_port();
my $n = 0;


# The picture of a customer, whose bytes lie at that path of the file server.
sub picture {
    my ($path, %m) = @_;

    my $id = join '~', substr($path =~ tr{/}{-}r, 1), ++$n;
    is($cx->post(delivery(messages => [{
        from => '16505551000', id => "wamid.p$n", timestamp => '' . time,
        type => 'image', image => { id => $id, mime_type => 'image/jpeg',
                                    sha256 => 'x', %m } }]))->{status},
       200, "a picture at $path");
    return "wamid.p$n";
}


# The attachment of that message, once it is no longer wanted.
sub media {
    my ($wamid, $until) = @_;

    my ($got, $message);
    $cx->wait_for(30, sub {
        my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}}
            or return 0;
        my $list = $cx->api('GET',
                            "/api/v1/conversations/$c->{id}/messages?limit=200");
        ($message) = grep { ($_->{provider_id} // '') eq $wamid }
                     @{$list->{data}} or return 0;
        ($got) = @{$cx->api('GET', "/api/v1/messages/$message->{id}/media")
                   ->{data}} or return 0;
        return $until ? $until->($got) : $got->{state} ne 'wanted';
    }) or diag("$wamid: still $got->{state}: $got->{error_text}");
    return $got;
}


my $png = "\x89PNG\r\n\x1a\n" . "\0" x 1000;

$cx->launch('files', [$^X, "$lib/files.pl", $files, $cx->path('files')]);
$cx->start(qw(redis nginx worker));
$cx->set_up(channel => { base_url => "http://127.0.0.1:$files/graph" });

# --- what works ---------------------------------------------------------------

my $m = media(picture('/png', caption => 'look'));
is($m->{state}, 'stored', 'is kept');
is($m->{type}, 'image/png', 'as what it is');
is($m->{declared_type}, 'image/jpeg', 'beside what it was called');
is($m->{bytes}, length $png, 'its size');
is($m->{sha256}, sha256_hex($png), 'its digest');
like($m->{place}, qr{^1/}, 'in the folder of its tenant');
is(read_file($cx->path("media/$m->{place}")), $png, 'its bytes on the disk');
is((stat $cx->path("media/$m->{place}"))[2] & 0007, 0, 'not for all');

my $res = $cx->api_raw('worker', 'GET', "/api/v1/media/$m->{id}/content");
is($res->{body}, $png, 'its bytes through the API');
is($res->{headers}{'content-type'}, 'image/png', 'with their type');
is($res->{headers}{'x-content-type-options'}, 'nosniff', 'and no other');
is($res->{headers}{'content-disposition'}, 'attachment', 'never as a page');

is(media(picture('/to/png'))->{state}, 'stored', 'behind a redirect');
is(media(picture('/bytes/100000'))->{state}, 'stored', 'as large as may be');
is(media(picture('/busy'))->{attempts}, 2, 'at the second attempt');
is(media(picture('/png', filename => '../../../etc/passwd'))->{place},
   $m->{place}, 'whatever its sender calls it');

# --- what does not ------------------------------------------------------------

$m = media(picture('/bytes/100001'));
is($m->{state}, 'failed', 'a byte too large');
like($m->{error_text}, qr/larger than media.max_size/, 'and says so');
is($m->{place}, '', 'is nowhere');
is(media(picture('/gone'))->{state}, 'failed', 'gone is gone');
$m = media(picture('/loop'));
is($m->{state}, 'failed', 'a circle');
like($m->{error_text}, qr/redirects/, 'and says so');

$res = $cx->api_raw('worker', 'GET', "/api/v1/media/$m->{id}/content");
is($res->{status}, 404, 'has no bytes');
is($cx->api_raw('worker', 'GET', '/api/v1/media/md_0000000000000/content')
       ->{status}, 404, 'nor has one that is not');

# --- a crash while it comes -----------------------------------------------------

my $slow = picture('/slow');
ok($cx->wait_for(10, sub { -e $cx->path('files.slow') }), 'half of it is here');
$cx->kill9('worker');
$cx->start('worker');
is(media($slow)->{state}, 'stored', 'the next worker has it all');

$cx->stop('worker');
is_deeply([glob $cx->path('media/tmp/*')], [], 'nothing half is left')
    or diag("left: @{[glob $cx->path('media/tmp/*')]}");

# --- a storage -------------------------------------------------------------------

Connext::Process::write_file($cx->path('s3.secret'), "s3-secret\n", 0600);
$cx->{conf}{'media.s3_url'} = "http://127.0.0.1:$files/bucket";
$cx->{conf}{'media.s3_key_id'} = 'key-id';
$cx->{conf}{'media.s3_secret_file'} = $cx->path('s3.secret');
$cx->start('worker');
$m = media(picture('/bytes/5000'));
is($m->{state}, 'stored', 'into the storage');
is($m->{place}, "http://127.0.0.1:$files/bucket/1/" . sha256_hex('x' x 5000),
   'under its digest');
is(read_file($cx->path('files.s3')), 'x' x 5000, 'all of it, and signed');
is_deeply([glob $cx->path('media/tmp/*')], [], 'and not here');
$cx->stop('worker');
delete $cx->{conf}{$_} for grep { /s3/ } keys %{$cx->{conf}};

# --- private addresses ----------------------------------------------------------

$cx->{conf}{'media.allow_private'} = 'off';
$cx->start('worker');
$m = media(picture('/png'));
is($m->{state}, 'failed', 'an address of our own network');
like($m->{error_text}, qr/not a public one|protocol/i, 'is refused');
is((() = $cx->logs =~ /127\.0\.0\.1:$files/g), 0,
   'no log names the address');

$cx->finish;
done_testing();
