package hotel.engine.access;

import hotel.engine.SetupException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Origins of pages: scheme, host and, where it is not the scheme's own, port. */
final class Origins {

    private static final Pattern ORIGIN = Pattern.compile("(https?)://(\\[[0-9a-f:.]+\\]|[a-z0-9._-]+)(:[0-9]+)?");

    private Origins() {}

    /** Returns an origin of the settings as browsers write it. */
    static String checked(String text) {
        var origin = normal(text.strip());
        if (!ORIGIN.matcher(origin).matches()) {
            throw new SetupException("ENGINE_ALLOWED_ORIGINS holds \"" + text
                    + "\": write origins such as https://portal.example.com, with commas between them");
        }
        return origin;
    }

    static String normal(String origin) {
        var lower = origin.toLowerCase(Locale.ROOT);
        return lower.startsWith("https://") ? lower.replaceFirst(":443$", "") : lower.replaceFirst(":80$", "");
    }

    /**
     * Whether a page of this origin comes from the host of the request, under either scheme: a proxy that ends TLS does
     * not always say so.
     */
    static boolean isOf(String origin, String host) {
        var matcher = ORIGIN.matcher(normal(origin));
        return host != null && matcher.matches()
                && normal(origin).equals(normal(matcher.group(1) + "://" + host));
    }
}
