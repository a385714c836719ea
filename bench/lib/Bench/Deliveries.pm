package Bench::Deliveries;

# Signed WhatsApp deliveries of about 1.5 KB with distinct ids, as complete
# HTTP requests one after another (NAME.bin), with the offsets of all and the
# end as 64-bit numbers (NAME.idx).  Always the same bytes for the same count.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use MIME::Base64 qw(encode_base64);

our $SECRET = '0123456789abcdef0123456789abcdef';
our $CUSTOMERS = 50_000;
our $FIRST_AT = time - 3600;
our $ACCOUNT = '106540352242922';

my @WORDS = qw(when can you tell me the price of order delivery invoice please
               table for two tomorrow at noon refund caf\u00e9 thanks
               \ud83d\ude00 size colour blue is it still available a question
               https:\/\/shop.example\/item\/4711 about \n my appointment);


# make(dir, name, count, good): writes the two files unless they are there.
sub make
{
    my ($dir, $name, $count, $good) = @_;
    my $stamp = "$dir/$name.$count.done";

    # A reply to an old message would be refused: its window is closed.
    return "$dir/$name" if -e $stamp && -M $stamp < 0.5;

    unlink glob("$dir/$name.*");
    srand(20);
    my @texts = map { text() } 1 .. 1024;

    open(my $bin, '>:raw', "$dir/$name.bin") or die "$dir/$name.bin: $!\n";
    open(my $idx, '>:raw', "$dir/$name.idx") or die "$dir/$name.idx: $!\n";

    my $at = 0;

    for my $i (0 .. $count - 1) {
        my $request = request(body($i, $texts[$i % @texts]), $good);
        print $bin $request;
        print $idx pack('Q<', $at);
        $at += length $request;
    }

    print $idx pack('Q<', $at);
    close($bin) or die "$dir/$name.bin: $!\n";
    close($idx) or die "$dir/$name.idx: $!\n";
    open(my $f, '>', $stamp) or die "$stamp: $!\n";

    return "$dir/$name";
}


sub text
{
    my $want = 480 + int rand 1000;
    my $text = '';

    $text .= $WORDS[rand @WORDS] . ' ' while length $text < $want;

    return substr($text, 0, -1);
}


sub body
{
    my ($i, $text) = @_;
    my $from = sprintf '1650%07d', $i % $CUSTOMERS;
    my $id = 'wamid.' . encode_base64(sprintf("\x1d\x08%s%016d", $from, $i), '');
    my $ts = $FIRST_AT + int($i / 1000);

    return <<"END" =~ s/\n//gr;
{"object":"whatsapp_business_account","entry":[{"id":"102290129340398",
"changes":[{"value":{"messaging_product":"whatsapp","metadata":{
"display_phone_number":"15550783881","phone_number_id":"$ACCOUNT"},
"contacts":[{"profile":{"name":"Sheena Nelson"},"wa_id":"$from"}],
"messages":[{"from":"$from","id":"$id","timestamp":"$ts",
"text":{"body":"$text"},"type":"text"}]},"field":"messages"}]}]}
END
}


sub request
{
    my ($body, $good) = @_;
    my $mac = hmac_sha256_hex($body, $SECRET);

    substr($mac, -1) =~ tr/0-9a-f/1-9a-f0/ if !$good;

    return join("\r\n", 'POST /webhook HTTP/1.1', 'Host: bot.example.com',
        'Accept: */*', 'User-Agent: facebookexternalua',
        'X-Hub-Signature: sha1=' . '0' x 40,
        "X-Hub-Signature-256: sha256=$mac", 'Content-Type: application/json',
        'Content-Length: ' . length $body, '', $body);
}


# The requests FIRST .. LAST of a file made above.
sub requests
{
    my ($prefix, $first, $last) = @_;

    open(my $idx, '<:raw', "$prefix.idx") or die "$prefix.idx: $!\n";
    open(my $bin, '<:raw', "$prefix.bin") or die "$prefix.bin: $!\n";
    seek($idx, 8 * $first, 0);
    read($idx, my $offsets, 8 * ($last - $first + 2));
    my @at = unpack('Q<*', $offsets);
    seek($bin, $at[0], 0);
    read($bin, my $bytes, $at[-1] - $at[0]);

    return map { substr($bytes, $at[$_] - $at[0], $at[$_ + 1] - $at[$_]) }
               0 .. $last - $first;
}


1;
