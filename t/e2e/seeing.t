# Images reach a model that sees; what was spoken becomes the question.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port write_file);
use Connext::Sample qw(delivery json);
use File::Basename qw(dirname);
use MIME::Base64 qw(decode_base64);
use Test::More;

my $files = free_port();
my $cx = Connext->new(worker => { 'media.allow_private' => 'on',
                                  'ai.deadline_ms' => 4000 });
my ($n, $png) = (0, "\x89PNG\r\n\x1a\n" . "\0" x 1000);

$cx->launch('files', [$^X, dirname(__FILE__) . '/../lib/files.pl', $files,
                      $cx->path('files')]);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai', no_knowledge => 1,
            agent => { images => JSON::PP::true() },
            channel => { base_url => "http://127.0.0.1:$files/graph" });
my $double = "http://127.0.0.1:$cx->{double_port}/v1";


# Something a customer sent, whose bytes lie at that path of the file server.
sub send_media {
    my ($from, $type, $path, %m) = @_;

    my $id = join '~', substr($path =~ tr{/}{-}r, 1), ++$n;
    is($cx->post(delivery(messages => [{
        from => "$from", id => "wamid.m$n", timestamp => '' . time,
        type => $type, $type => { id => $id, sha256 => 'x', %m } }]))->{status},
       200, "$type at $path");
}


sub messages {
    my ($from) = @_;

    my $tail = substr $from, -4;
    my ($c) = grep { $_->{phone_masked} =~ /$tail$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}} or return;
    return @{$cx->api('GET',
                      "/api/v1/conversations/$c->{id}/messages")->{data}};
}


# The last answer, once there are so many.
sub answer {
    my ($from, $want) = @_;

    my @out;
    $cx->wait_for(15, sub {
        @out = grep { $_->{direction} eq 'out' } messages($from);
        @out >= ($want // 1);
    }) or diag($cx->logs);
    return @out ? $out[-1]{text} : undef;
}


# What the last question was made of: the text, and the images' bytes.
sub asked {
    my @r = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
    my $content = $r[-1]{body}{messages}[-1]{content};
    return ($content) unless ref $content;
    return (join('', map { $_->{text} } grep { $_->{type} eq 'text' } @$content),
            map { decode_base64($_->{image_url}{url} =~ s/^data:image\/png;base64,//r) }
            grep { $_->{type} eq 'image_url' } @$content);
}


# --- images ------------------------------------------------------------------

send_media(16505552001, 'image', '/png', mime_type => 'image/jpeg',
           caption => 'What is this?');
like(answer(16505552001), qr/^echo: What is this\?/, 'a picture is answered');
is_deeply([asked()], ['What is this?', $png], 'the model has its bytes');

send_media(16505552002, 'image', '/png', mime_type => 'image/png');
ok(defined answer(16505552002), 'a picture without a word, too');
is((asked())[1], $png, '... by what it shows');

send_media(16505552003, 'image', '/busy', mime_type => 'image/png',
           caption => 'And this?');
like(answer(16505552003), qr/And this\?/,
     'one that does not come in time is not waited for');
my ($text, @images) = asked();
is(scalar @images, 0, '... nothing is shown');
like($text, qr/1 image that cannot be shown/, '... and the model knows');

send_media(16505552004, 'image', '/bytes/500', mime_type => 'image/png',
           caption => 'And that?');
answer(16505552004);
($text, @images) = asked();
is(scalar @images, 0, 'what is called an image and is none is not shown');

$cx->api('PATCH', '/api/v1/agents/desk', { images => JSON::PP::false() });
send_media(16505552005, 'image', '/png', mime_type => 'image/png',
           caption => 'Blind?');
answer(16505552005);
is_deeply([asked()], ['Blind?'], 'a model that does not see gets words');

# --- voice -------------------------------------------------------------------

$cx->api('PATCH', '/api/v1/agents/desk',
         { transcribe_url => $double, transcribe_model => 'whisper-x',
           transcribe_key_file => $cx->path('api_key') });
$cx->script({ match => { kind => 'transcript' }, times => 1,
              do => { text => 'When can I come?' } },
            { match => { kind => 'transcript' }, times => 1,
              do => { status => 503 } },
            { match => { kind => 'transcript' }, times => 1,
              do => { text => 'At the second attempt.' } },
            { match => { kind => 'transcript' }, times => -1,
              do => { status => 400 } });

send_media(16505552006, 'audio', '/voice', mime_type => 'audio/ogg; codecs=opus',
           voice => JSON::PP::true());
is(answer(16505552006), 'echo: When can I come?',
   'what was spoken is the question');
my ($req) = @{$cx->double('GET', '/_/requests?kind=transcript')->{requests}};
is($req->{path}, '/v1/audio/transcriptions', 'heard by the endpoint');
is($req->{authorization}, 'Bearer canary-api-key', 'with its key');

my ($m) = messages(16505552006);
is($m->{text} // '', '', 'the message stays as it came');
my ($media) = @{$cx->api('GET', "/api/v1/messages/$m->{id}/media")->{data}};
is($media->{transcript}, 'When can I come?', 'beside it stands what it says');

is($cx->say(from => 16505552006, text => 'Well?')->{status}, 200, 'and then');
is(answer(16505552006, 2), 'echo: Well?', 'another question');
my @r = @{$cx->double('GET', '/_/requests?kind=model')->{requests}};
is($r[-1]{body}{messages}[1]{content}, 'When can I come?',
   'it is in the history as what was said');

send_media(16505552007, 'audio', '/voice', mime_type => 'audio/ogg');
is(answer(16505552007), 'echo: At the second attempt.',
   'an endpoint that is busy is asked again');

send_media(16505552008, 'audio', '/voice', mime_type => 'audio/ogg');
is(answer(16505552008), 'I will ask a colleague.',
   'what nobody hears is for a person');

my $count = $cx->double('GET', '/_/counts')->{transcripts};
is($count, 4, 'each is heard once');

# --- out of another storage --------------------------------------------------

write_file($cx->path('s3.secret'), "s3-secret\n", 0600);
$cx->{conf}{'media.s3_url'} = "http://127.0.0.1:$files/bucket";
$cx->{conf}{'media.s3_key_id'} = 'key-id';
$cx->{conf}{'media.s3_secret_file'} = $cx->path('s3.secret');
$cx->stop('worker');
$cx->start('worker');
$cx->api('PATCH', '/api/v1/agents/desk', { images => JSON::PP::true() });

send_media(16505552009, 'image', '/png', mime_type => 'image/png',
           caption => 'From the bucket?');
like(answer(16505552009), qr/From the bucket/, 'a picture that lies in S3');
is((asked())[1], $png, '... is seen as well');

is_deeply([$cx->bad_log_lines], [], 'clean logs');
$cx->finish;
done_testing();
