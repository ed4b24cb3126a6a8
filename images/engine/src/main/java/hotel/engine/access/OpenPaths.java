package hotel.engine.access;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The one list of what anybody may ask for without a user; docs/engine.md says the same to its readers.
 *
 * <p>Paths are compared as they were sent: {@link PathFilter} has refused every other spelling of them.
 */
final class OpenPaths {

    /** One entry: methods, and the whole path behind the web applications' own. */
    private record Entry(Set<String> methods, Pattern path) {}

    private static final Set<String> READ = Set.of("GET", "HEAD");
    private static final String APPLICATION = "(admin|cockpit|tasklist|welcome)";
    private static final List<Entry> ENTRIES = List.of(
            // Pages and what they are made of: the same files for everybody.
            new Entry(READ, Pattern.compile("/?")),
            new Entry(READ, Pattern.compile("/favicon\\.ico")),
            new Entry(READ, Pattern.compile("/(app|assets|lib)(/.*)?")),
            new Entry(Set.of("GET"), Pattern.compile("/api/" + APPLICATION
                    + "/plugin/[A-Za-z]+/static/app/plugin\\.(css|js)")),
            // The name of the engine, which the login page asks for, whether there is a session, and the login itself.
            new Entry(Set.of("GET"), Pattern.compile("/api/engine/engine/")),
            new Entry(Set.of("GET"), Pattern.compile("/api/admin/auth/user/default")),
            new Entry(Set.of("POST"), Pattern.compile("/api/admin/auth/user/default/login/" + APPLICATION)));
    private static final Pattern LOGIN = ENTRIES.get(ENTRIES.size() - 1).path();

    private final String webapps;

    /**
     * @param webapps the path of the web applications, e.g. {@code /operaton}
     */
    OpenPaths(String webapps) {
        this.webapps = webapps;
    }

    boolean contain(HttpServletRequest request) {
        var path = request.getRequestURI();
        if (request.getDispatcherType() == DispatcherType.ERROR) {
            // The description of an error that the server itself has found.
            return path.equals("/error");
        }
        if (path.equals("/")) {
            return READ.contains(request.getMethod());
        }
        var rest = belowWebapps(path);
        return rest != null && ENTRIES.stream().anyMatch(each ->
                each.methods().contains(request.getMethod()) && each.path().matcher(rest).matches());
    }

    /** Whether it asks for a user's password to be checked, which takes commands of the engine. */
    boolean isLogin(HttpServletRequest request) {
        var rest = belowWebapps(request.getRequestURI());
        return rest != null && LOGIN.matcher(rest).matches();
    }

    private String belowWebapps(String path) {
        var below = path.equals(webapps) || path.startsWith(webapps + "/");
        return below ? path.substring(webapps.length()) : null;
    }
}
