package hotel.engine.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Optional;
import java.util.Set;

/**
 * Which spellings of a path are read by every part of the server in the same way.
 *
 * <p>Filters compare the path as it was sent, servlets drop what follows a semicolon and tidy dots up, and resources
 * decode it: whatever could make a difference between them is refused.
 */
final class RequestPath {

    private static final String PLAIN = "-._~:@!$&'()*+,=";
    /** No letters and digits, which nobody has to encode, and nothing that parts segments or parameters. */
    private static final String ENCODED = " !\"#$&'()*+,:<=>@[]^_`{|}~-";
    private static final Set<Integer> UNSEEN = Set.of((int) Character.CONTROL, (int) Character.FORMAT,
            (int) Character.SURROGATE, (int) Character.PRIVATE_USE, (int) Character.UNASSIGNED,
            (int) Character.LINE_SEPARATOR, (int) Character.PARAGRAPH_SEPARATOR);

    private RequestPath() {}

    /** Returns why a path is refused, as it was sent, and nothing if it is clear. */
    static Optional<String> fault(String path) {
        if (path == null || !path.startsWith("/")) {
            return Optional.of("it does not begin with a slash");
        }
        if (path.contains("//")) {
            return Optional.of("it holds an empty segment");
        }
        for (var segment : path.substring(1).split("/")) {
            var fault = faultOfSegment(segment);
            if (fault != null) {
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }

    private static String faultOfSegment(String segment) {
        if (segment.equals(".") || segment.equals("..")) {
            return "it holds a dot segment";
        }
        var encoded = ByteBuffer.allocate(segment.length());
        for (var at = 0; at < segment.length(); at++) {
            var character = segment.charAt(at);
            if (character == '%') {
                var value = at + 2 < segment.length() ? hexadecimal(segment, at + 1) : -1;
                if (value < 0) {
                    return "it holds an incomplete percent encoding";
                }
                if (value < 0x80 && ENCODED.indexOf(value) < 0) {
                    return "it holds %%%02X, which must not be encoded in a path".formatted(value);
                }
                encoded.put((byte) value);
                at += 2;
            } else if (isAsciiLetterOrDigit(character) || PLAIN.indexOf(character) >= 0) {
                encoded.put((byte) character);
            } else {
                return "it holds the character U+%04X, which must not stand in a path".formatted((int) character);
            }
        }
        return faultOfText(encoded.flip());
    }

    private static int hexadecimal(String text, int at) {
        var high = Character.digit(text.charAt(at), 16);
        var low = Character.digit(text.charAt(at + 1), 16);
        return high < 0 || low < 0 || text.charAt(at) > 'f' || text.charAt(at + 1) > 'f' ? -1 : high * 16 + low;
    }

    private static boolean isAsciiLetterOrDigit(char character) {
        return character < 0x80 && Character.isLetterOrDigit(character);
    }

    private static String faultOfText(ByteBuffer bytes) {
        try {
            var text = UTF_8.newDecoder().decode(bytes).toString();
            return text.codePoints().anyMatch(each -> UNSEEN.contains(Character.getType(each)))
                    ? "it holds an invisible character"
                    : null;
        } catch (CharacterCodingException notText) {
            return "its percent encoding is not UTF-8";
        }
    }
}
