package hotel.engine.access;

import java.util.Set;
import org.operaton.bpm.engine.AuthorizationException;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.cmd.AuthorizationCheckCmd;
import org.operaton.bpm.engine.impl.cmd.CheckPassword;
import org.operaton.bpm.engine.impl.cmd.CreateGroupQueryCmd;
import org.operaton.bpm.engine.impl.cmd.CreateTenantQueryCmd;
import org.operaton.bpm.engine.impl.cmd.CreateUserQueryCmd;
import org.operaton.bpm.engine.impl.cmd.IsIdentityServiceReadOnlyCmd;
import org.operaton.bpm.engine.impl.context.Context;
import org.operaton.bpm.engine.impl.identity.db.DbGroupQueryImpl;
import org.operaton.bpm.engine.impl.identity.db.DbTenantQueryImpl;
import org.operaton.bpm.engine.impl.identity.db.DbUserQueryImpl;
import org.operaton.bpm.engine.impl.interceptor.Command;
import org.operaton.bpm.engine.impl.interceptor.CommandInterceptor;

/**
 * The last line: no command of the engine without a user, where the thread serves a request of the web.
 *
 * <p>Without a user the engine asks for no rights at all. Threads of the engine itself (jobs, waiting fetches, the
 * start) are not concerned.
 */
public class CommandsNeedUser extends CommandInterceptor {

    /** What finding out who it is takes: the password, the user, its groups and tenants, its applications. */
    private static final Set<Class<?>> OF_THE_LOGIN = Set.of(CheckPassword.class, CreateUserQueryCmd.class,
            DbUserQueryImpl.class, CreateGroupQueryCmd.class, DbGroupQueryImpl.class, CreateTenantQueryCmd.class,
            DbTenantQueryImpl.class, AuthorizationCheckCmd.class, IsIdentityServiceReadOnlyCmd.class);

    private final ProcessEngineConfigurationImpl configuration;

    public CommandsNeedUser(ProcessEngineConfigurationImpl configuration) {
        this.configuration = configuration;
    }

    @Override
    public <T> T execute(Command<T> command) {
        if (isRefused(command)) {
            throw new AuthorizationException("There is no user for " + command.getClass().getSimpleName()
                    + ": log in, or send credentials of a user of this engine");
        }
        return next.execute(command);
    }

    private boolean isRefused(Command<?> command) {
        var stage = WebRequest.stage();
        // A command within another one runs for the user of that one.
        if (stage == null || Context.getCommandContext() != null || hasUser()) {
            return false;
        }
        return stage == WebRequest.Stage.INSIDE || !OF_THE_LOGIN.contains(command.getClass());
    }

    private boolean hasUser() {
        var authentication = configuration.getIdentityService().getCurrentAuthentication();
        return authentication != null && authentication.getUserId() != null && !authentication.getUserId().isEmpty();
    }
}
