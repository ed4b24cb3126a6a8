package hotel.engine.access;

import hotel.engine.SetupException;
import java.util.Locale;
import java.util.regex.Pattern;

/** Names of hosts, as a Host header writes them. */
final class Hosts {

    private static final Pattern NAME = Pattern.compile("\\[[0-9a-f:.]+\\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?");

    private Hosts() {}

    /** Returns a name of the settings in lower case. */
    static String normal(String name) {
        var host = name.strip().toLowerCase(Locale.ROOT);
        if (!NAME.matcher(host).matches()) {
            throw new SetupException("ENGINE_ALLOWED_HOSTS holds \"" + name
                    + "\": write host names without scheme and port, with commas between them; IPv6 as [::1]");
        }
        return host;
    }

    /** Returns the name in a Host header, without its port and in lower case. */
    static String of(String header) {
        var host = header.toLowerCase(Locale.ROOT);
        var end = host.startsWith("[") ? host.indexOf(']') + 1 : host.indexOf(':');
        return end > 0 ? host.substring(0, end) : host;
    }
}
