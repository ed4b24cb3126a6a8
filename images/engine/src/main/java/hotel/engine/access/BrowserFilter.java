package hotel.engine.access;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;

/**
 * Refuses what a page of another site makes a browser send, with whatever credentials the browser adds by itself.
 *
 * <p>Browsers name the page's origin with each request that may change something; other clients name none.
 */
public class BrowserFilter extends HttpFilter {

    private static final long serialVersionUID = 1L;
    private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> OF_ITSELF = Set.of("same-origin", "none");

    private final transient AccessSettings settings;

    public BrowserFilter(AccessSettings settings) {
        this.settings = settings;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (!isHostAllowed(request)) {
            Refusal.send(response, HttpServletResponse.SC_BAD_REQUEST, "The engine does not answer under this host "
                    + "name: use one of ENGINE_ALLOWED_HOSTS, or add it there");
        } else if (!READING.contains(request.getMethod()) && !isOwnOrAllowed(request)) {
            Refusal.send(response, HttpServletResponse.SC_FORBIDDEN, "A page of another origin may not change anything "
                    + "here: use the engine's own address, or add the page's origin to ENGINE_ALLOWED_ORIGINS");
        } else {
            chain.doFilter(request, response);
        }
    }

    /** The header itself is asked as well: behind a proxy that is trusted, the request's name is what it forwards. */
    private boolean isHostAllowed(HttpServletRequest request) {
        var allowed = settings.allowedHosts();
        if (allowed.isEmpty()) {
            return true;
        }
        var header = request.getHeader("Host");
        return header != null && allowed.contains(Hosts.of(header))
                && allowed.contains(Hosts.of(request.getServerName()));
    }

    private boolean isOwnOrAllowed(HttpServletRequest request) {
        var origin = request.getHeader("Origin");
        if (origin != null && settings.allowedOrigins().contains(Origins.normal(origin))) {
            return true;
        }
        var site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            // The browser has compared them itself, and no page can set this header.
            return OF_ITSELF.contains(site);
        }
        return origin == null || Origins.isOf(origin, request.getHeader("Host")) || Origins.isOf(origin, address(request));
    }

    /** The address that the browser has used, if a trusted proxy has forwarded it. */
    private static String address(HttpServletRequest request) {
        return request.getServerName() + ":" + request.getServerPort();
    }
}
