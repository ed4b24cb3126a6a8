package hotel.engine.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.impl.identity.Authentication;
import org.operaton.bpm.engine.rest.security.auth.ProcessEngineAuthenticationFilter;

/**
 * HTTP basic authentication of every request, those for the list of engines as well, which is open otherwise.
 *
 * <p>Whom the database has confirmed is remembered for some seconds, by a keyed digest of the credentials; refusals are not.
 */
public class RestAuthenticationFilter extends ProcessEngineAuthenticationFilter {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_BYTES = 32;

    private record Credentials(ByteBuffer digest) {}

    private final AccessMemory memory;
    private final Supplier<ProcessEngine> engine;
    private final SecretKeySpec key;

    RestAuthenticationFilter(AccessMemory memory, Supplier<ProcessEngine> engine) {
        this.memory = memory;
        this.engine = engine;
        var random = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(random);
        this.key = new SecretKeySpec(random, ALGORITHM);
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        var header = ((HttpServletRequest) request).getHeader("Authorization");
        if (header == null || !memory.isOn()) {
            super.doFilter(request, response, chain);
            return;
        }
        var identity = engine.get().getIdentityService();
        var credentials = new Credentials(digest(header));
        var page = memory.page();
        if (page.get(credentials) instanceof Authentication known) {
            try {
                identity.setAuthentication(known);
                chain.doFilter(request, response);
            } finally {
                identity.clearAuthentication();
            }
            return;
        }
        super.doFilter(request, response, (let, in) -> {
            page.put(credentials, identity.getCurrentAuthentication());
            chain.doFilter(let, in);
        });
    }

    @Override
    protected boolean requiresEngineAuthentication(String requestUrl) {
        return true;
    }

    /** There is one engine: a path that names another is authenticated first and not found then. */
    @Override
    protected ProcessEngine getAddressedEngine(String engineName) {
        return engine.get();
    }

    private ByteBuffer digest(String header) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return ByteBuffer.wrap(mac.doFinal(header.getBytes(UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java lacks " + ALGORITHM, impossible);
        }
    }
}
