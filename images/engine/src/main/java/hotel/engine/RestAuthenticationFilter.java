package hotel.engine;

import org.operaton.bpm.engine.rest.security.auth.ProcessEngineAuthenticationFilter;

/** HTTP basic authentication of every request, those for the list of engines as well, which is open otherwise. */
public class RestAuthenticationFilter extends ProcessEngineAuthenticationFilter {

    @Override
    protected boolean requiresEngineAuthentication(String requestUrl) {
        return true;
    }

    /** There is one engine: a path that names another is authenticated first and not found then. */
    @Override
    protected String extractEngineName(String requestUrl) {
        return DEFAULT_ENGINE_NAME;
    }
}
