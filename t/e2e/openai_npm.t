# OpenAI's own library for Node reads the recorded answers of t/cases from a
# server that hands them out in pieces, and agrees with what ours reads, which
# is out.json: t/unit/ai/stream.c and responses.c hold us to that.  What we
# read in another way than the library is named here, with the reason.

use strict;
use warnings;

use Connext;
use Connext::Npm qw(npm_install);
use Connext::Process qw(read_file);
use Cwd qw(abs_path);
use JSON::PP;
use Test::More;

my %MINIMUM = ('openai-stream' => 50, 'openai-whole' => 12,
               'responses-stream' => 25, responses => 30);

my $WHOLE = 'it wants a stream, ours takes a whole answer as well';
my $EIGHT = 'ours takes eight calls';
my $INDEX = 'it does not bear tool calls without an index of their own';
my $ODD = 'it does not bear what is not as documented';

my %DIFFERENT = (
    'openai-stream/gemini' => 'what Gemini thought is in its total alone',
    'openai-stream/gemini-tool-call' => $INDEX,
    'openai-stream/gemini-tool-call-split' => $INDEX,
    'openai-stream/tool-calls-all-at-0' => $INDEX,
    'openai-stream/tool-call-far-away' => $ODD,
    'openai-stream/odd-shapes' => $ODD,
    'openai-stream/nine-tool-calls' => $EIGHT,
    'openai-stream/not-a-stream' => $WHOLE,
    'openai-whole/gemini' => 'what Gemini thought is in its total alone',
    'openai-whole/nine-tool-calls' => $EIGHT,
    'openai-whole/tool-call-as-an-object' => $ODD,
    'openai-whole/tool-call-stop' => 'it tells the finish as it came',
    'openai-whole/tool-calls-none' => 'it tells the finish as it came',
    'openai-whole/tool-calls-odd' => $ODD,
    'openai-whole/usage-huge' => 'it takes any number, ours none that is none',
    'openai-whole/usage-more-cached-than-asked' => $ODD,
    'openai-whole/usage-odd' => $ODD,
    'responses-stream/nine-tool-calls' => $EIGHT,
    'responses-stream/not-a-stream' => $WHOLE,
    'responses-stream/tool-calls-not-repeated' =>
        'it takes the last event, ours what came before as well',
    'responses-stream/types-by-name' => $ODD,
    'responses-stream/unknown-events' => $ODD,
);

my $json = JSON::PP->new->utf8->canonical;
my $cases = abs_path('t/cases');
my $check = abs_path('t/npm/openai/check.js');
my $home = npm_install('openai');


# What out.json says, in the words of check.js.
sub ours {
    my ($suite, $name) = @_;

    my $out = $json->decode(read_file("$cases/$suite/$name/out.json"));
    return { failed => 1 } if $out->{result} ne 'ok';

    return {
        text => $out->{text} // '',
        finish => $out->{finish},
        calls => [map {
            { id => $_->{id}, name => $_->{name},
              arguments => $_->{arguments} }
        } @{$out->{calls} || []}],
        map { $_ => $out->{$_} // 0 }
            qw(tokens_in tokens_cached tokens_out),
    };
}


# A library that dislikes a stream says so on its standard error, too.
my $out = `cd '$home' && node '$check' '$cases' @{[sort keys %MINIMUM]} \\
           2>errors`;
is($?, 0, 'the library ends') or diag(substr read_file("$home/errors"), -2000);

my %count;
for my $line (split /\n/, $out) {
    my $case = $json->decode($line);
    my ($suite, $name, $read) = @$case{qw(suite name read)};
    my $why = delete $read->{why};
    my $ours = ours($suite, $name);
    my $reason = delete $DIFFERENT{"$suite/$name"};

    $count{$suite}++;
    $read = { failed => 1 } if $read->{failed};

    if ($reason) {
        isnt($json->encode($read), $json->encode($ours),
             "$suite/$name differs: $reason");

    } elsif (!is_deeply($read, $ours, "$suite/$name")) {
        diag("the library: $why") if $why;
    }
}

cmp_ok($count{$_} // 0, '>=', $MINIMUM{$_}, "answers of $_")
    for sort keys %MINIMUM;
is_deeply([sort keys %DIFFERENT], [], 'all that differs was read');

done_testing();
