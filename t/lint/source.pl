# source.pl <file>...: the look, the includes and the sizes of C sources, as far
# as text can tell without knowing C.

use strict;
use warnings;

my %limit = (columns => 79, function => 60, glue => 120, file => 600);

# Layers may include their own headers and those of the layers below.
my %below = (
    core    => [],
    channel => [ qw(core) ],
    ai      => [ qw(core) ],
    store   => [ qw(core) ],
    worker  => [ qw(core channel ai store) ],
    edge    => [ qw(core channel) ],
    ctl     => [ qw(core channel) ],
);

my $pure = qr{^(?:ngx_|curl/|hiredis|sqlite3|libpq|uv\.h|microhttpd|ini\.h
                  |sys/socket|netinet/|arpa/|netdb|sys/time|poll\.h)}x;

my %foreign = (
    core    => $pure,
    channel => $pure,
    ai      => $pure,
    store   => qr{^(?:ngx_|curl/|hiredis)},
    worker  => qr{^ngx_},
    ctl     => qr{^ngx_},
);

my $banned = qr/\b(strcpy|stpcpy|strcat|v?sprintf|strtok|ato[il]l?|gets
                   |alloca|system)\s*\(/x;

my ($file, $layer, $glue);

sub finding {
    my ($line, $what) = @_;

    printf "%s:%d: %s\n", $file, $line, $what;
}

# The same lines with the insides of comments and literals blanked out, so
# that what they say is not taken for code.
sub code_of {
    my ($text) = @_;

    $text =~ s{
        ( /\* .*? \*/ | // [^\n]* )
        | ( " (?: [^"\\\n] | \\ . )* " )
        | ( ' (?: [^'\\\n] | \\ . )* ' )
    }{
        my $piece = $&;

        if (defined $1) {
            $piece =~ s/[^\n]/ /g;

        } else {
            substr($piece, 1, -1) =~ tr/\n/ /c;
        }

        $piece
    }gsex;

    return split(/\n/, $text, -1);
}

sub check_bytes {
    my ($n, $line, $table) = @_;

    finding($n, 'tab') if $line =~ /\t/;
    finding($n, 'space at the end') if $line =~ /[ \t]$/;
    finding($n, 'carriage return') if $line =~ /\r/;
    finding($n, 'not ASCII') if $line =~ /[^\x00-\x7f]/;

    # Tables of a header are aligned by hand, and may be wide.
    finding($n, sprintf '%d columns', length $line)
        if length $line > ($table ? 100 : $limit{columns});

    finding($n, 'a TODO has a name and a reason: TODO(name): why')
        if $line =~ /\b(?:TODO|FIXME|XXX)\b/
           && $line !~ /\bTODO\([a-z][\w-]*\): \S/;
}

sub check_include {
    my ($n, $line) = @_;

    my ($system) = $line =~ /^\s*#\s*include\s+<([^>]+)>/;

    finding($n, "$layer includes <$system>")
        if $system && $layer && $foreign{$layer}
           && $system =~ $foreign{$layer};

    return unless $line =~ /^\s*#\s*include\s+"([^"]+)"/ && ($layer || $glue);

    my $name = $1;
    my $ours = $layer || 'edge';

    if ($name !~ m{^(\w+)/[\w./-]+$}) {
        finding($n, "include \"$name\" without its folder");

    } elsif ($1 ne $ours && !grep { $_ eq $1 } @{ $below{$ours} || [] }) {
        finding($n, "$ours includes \"$name\"");
    }
}

sub check_guard {
    my ($text) = @_;
    my ($folder, $name) = $file =~ m{^src/(\w+)/(\w+)\.h$} or return;
    my $guard = uc "CX_${folder}_${name}_H";

    finding(1, "guard is not $guard")
        unless $text =~ /^#ifndef $guard\n#define $guard\n/m
               && $text =~ m{\n#endif /\* $guard \*/\n\z};
}

# Control statements: braces, and where they stand.
sub check_control {
    my ($code) = @_;

    for my $i (0 .. $#$code) {
        my $line = $code->[$i];

        next if $line =~ /^\s*#/ || $line =~ /\\$/;

        finding($i + 1, 'no space behind a keyword')
            if $line =~ /\b(?:if|for|while|switch)\(/;

        finding($i + 1, '"} else" on one line') if $line =~ /^\s*else\b/;

        finding($i + 1, 'no blank line before "} else"')
            if $line =~ /^\s*\} else\b/ && $i > 0 && $code->[$i - 1] =~ /\S/;

        finding($i + 1, 'else without braces')
            if $line =~ /\belse\s*$/ || $line =~ /\belse\s+(?!if\b)[^{\s]/;

        next unless $line =~ /^\s*(?:\} else )?(?:if|for|while|switch) \(/
                    && $line !~ /^\s*\} while/;

        my $last = $i;
        my $open = 0;

        for ( ; $last <= $#$code; $last++) {
            $open += () = $code->[$last] =~ /\(/g;
            $open -= () = $code->[$last] =~ /\)/g;
            last if $open <= 0;
        }

        next if $last > $#$code;

        my $end = $code->[$last];
        my ($next) = grep { !/^\s*#/ } @$code[$last + 1 .. $#$code], '';
        my $alone = $next =~ /^\s*\{\s*$/;

        if ($last == $i) {
            finding($i + 1, 'a statement without braces')
                unless $end =~ /\{/ || $alone;

        } else {
            finding($last + 1, 'a long condition has "{" on its own line')
                unless $alone;
        }
    }
}

# A function's body is what stands between "{" and "}" at the margin.
sub check_functions {
    my ($code) = @_;
    my $max = $glue || ($layer // '') eq 'edge' ? $limit{glue}
                                                : $limit{function};
    my $start;

    for my $i (0 .. $#$code) {
        if ($code->[$i] eq '{') {
            $start = $i;
            check_head($code, $i);
            next;
        }

        next unless defined $start && $code->[$i] eq '}';

        finding($start + 1, sprintf 'a function of %d lines', $i - $start - 1)
            if $i - $start - 1 > $max;

        my $blank = 0;

        while ($i + $blank + 1 <= $#$code
               && $code->[$i + $blank + 1] !~ /\S/)
        {
            $blank++;
        }

        my $next = $code->[$i + $blank + 1];

        finding($i + 1, 'two blank lines between functions')
            if defined $next && $next !~ /^#/ && $blank < 2;

        undef $start;
    }
}

# The line with the name begins with it: the type stands on its own.
sub check_head {
    my ($code, $i) = @_;

    for (my $k = $i - 1; $k >= 0 && $code->[$k] =~ /\S/; $k--) {
        next unless $code->[$k] =~ /^\w.*\(/;

        finding($k + 1, 'the return type stands on its own line')
            unless $code->[$k] =~ /^\w+\(/;
        return;
    }
}

for (@ARGV) {
    $file = $_;
    ($layer) = $file =~ m{^src/(\w+)/};
    $glue = $file !~ m{/};

    my $text = do {
        local $/;
        open(my $in, '<', $file) or die "$file: $!\n";
        <$in>;
    } // '';

    finding(1, 'no newline at the end') if $text !~ /\n\z/;
    chomp(my $body = $text);

    my @lines = split(/\n/, $body, -1);
    my @code = code_of($body);
    my $table = 0;

    for my $i (0 .. $#lines) {
        my $wide = $file =~ /\.h$/ && ($lines[$i] =~ /\\$/ || $table
                   || ($lines[$i + 1] // '') =~ /^#\s*define\s.*\\$/);

        check_bytes($i + 1, $lines[$i], $wide);
        check_include($i + 1, $lines[$i]);
        finding($i + 1, "$1 is banned") if $code[$i] =~ $banned;

        # The last line of a table has no backslash of its own.
        $table = $lines[$i] =~ /\\$/;
    }

    finding($limit{file}, sprintf 'a file of %d lines', scalar @lines)
        if @lines > $limit{file};

    check_guard($text) if $file =~ /\.h$/;
    check_control(\@code);
    check_functions(\@code);
}
